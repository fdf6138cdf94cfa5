import { type ObjectKey, ObjectMissing } from '@dr/storage';
import { mapLimited } from '../concurrency.ts';
import { decodeDecision } from '../format/decision.ts';
import { decodeDescription } from '../format/description.ts';
import { decodeHold } from '../format/hold.ts';
import { DESCRIPTION_KEY, packOf, planNumber, segmentOf } from '../format/object-names.ts';
import { decodePlan } from '../format/plan.ts';
import { decodeSealed } from '../format/sealed-json.ts';
import { decodeSession } from '../format/session-object.ts';
import { readLedger } from '../ledger.ts';
import { decoding, ownerOf, type TenantScope } from '../tenant-scope.ts';
import type { Findings } from './findings.ts';

const READS_AT_ONCE = 8;

/** The repository's description, the master's wraps and the tenant's keys: what everything else of the tenant hangs on. */
export async function checkTop({ store, ring, keys }: TenantScope, findings: Findings): Promise<void> {
  try {
    const bytes = await store.read(DESCRIPTION_KEY);
    decoding(DESCRIPTION_KEY, () => decodeDescription(ring, bytes));
  } catch (error) {
    findings.addError(DESCRIPTION_KEY, error);
  }
  try {
    for (const { object, kind, message } of await ring.check({ tag: keys.tag }))
      findings.add(object, kind === 'suspicious' ? 'damaged' : kind, message);
  } catch (error) {
    findings.addError('keys/', error);
  }
}

/**
 * Lists all of a tenant's objects and opens the small ones: sessions, decisions, ledger, holds, words. Index segments and packs are checked by who reads them.
 * @returns sizes of the packs, by name.
 */
export async function checkTenantObjects(scope: TenantScope, findings: Findings): Promise<Map<string, number>> {
  const packs = new Map<string, number>();
  const small: ObjectKey[] = [];
  for await (const page of scope.store.list(scope.names.top)) {
    for (const { key, size } of page) {
      const pack = packOf(key);
      if (pack) packs.set(pack.name, size);
      else if (!segmentOf(key)) small.push(key);
    }
  }
  await mapLimited(small, READS_AT_ONCE, (key) => checkSmall(scope, key, findings));
  await readLedger(scope, { tolerant: false }).catch((error: unknown) => findings.addError(scope.names.ledger, error));
  return packs;
}

async function checkSmall(scope: TenantScope, key: ObjectKey, findings: Findings): Promise<void> {
  const open = openerOf(scope, key);
  if (!open) return findings.add(key, 'misplaced', `${key} is no object of a repository of this format.`);
  try {
    const bytes = await scope.store.read(key);
    decoding(key, () => open(bytes));
  } catch (error) {
    if (!(error instanceof ObjectMissing)) findings.addError(key, error);
  }
}

/** How an object under a tenant's folder is opened; undefined for what does not belong there. */
function openerOf(scope: TenantScope, key: ObjectKey): ((bytes: Uint8Array) => unknown) | undefined {
  const { names } = scope;
  const below = (folder: string): string | undefined => (key.startsWith(folder) ? key.slice(folder.length) : undefined);
  const [session, decision, plan] = [below(names.sessions), below(names.decisions), planNumber(key)];
  if (session !== undefined) return (bytes) => (session.endsWith('-end') ? undefined : decodeSession(scope, session, bytes));
  if (decision !== undefined) return (bytes) => decodeDecision(scope, decision, bytes);
  if (plan !== undefined) return (bytes) => decodePlan(scope, plan, bytes);
  if (/\/ledger\/[1-9][0-9]{0,8}-done$/.test(key)) return () => undefined;
  if (below(names.words) !== undefined)
    return (bytes) => decodeSealed('words', key, ownerOf(scope), (epoch) => scope.keys.dataKey(epoch), bytes);
  return key.startsWith(names.holds) ? (bytes) => decodeHold(scope, key, bytes) : undefined;
}
