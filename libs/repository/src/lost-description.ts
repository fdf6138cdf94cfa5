import type { KeyRing } from '@dr/keys';
import { DrError, type ObjectStore } from '@dr/storage';
import type { Clock } from './api.ts';
import { decodeCommitDescription } from './format/decision.ts';
import { type Description, newDescription } from './format/description.ts';
import { type TenantScope, tenantScope } from './tenant-scope.ts';

/**
 * What a lost `repository.json` said: every commit repeats it. Where there is no commit the keys say whose they are, and only the time of making is lost.
 * @throws what the store throws.
 */
export async function rebuiltDescription(
  store: ObjectStore,
  ring: KeyRing,
  { now, random }: { now: Clock; random: (bytes: number) => Uint8Array },
): Promise<Description> {
  const description = newDescription(ring.repositoryId, now(), ring.protection !== 'unprotected');
  for (const { name } of await ring.tenants()) {
    const keys = await ring.tenantKeys(name);
    const found = keys && (await inACommit(tenantScope({ store, ring, description, now, random }, keys)));
    if (found) return found;
  }
  return description;
}

async function inACommit(scope: TenantScope): Promise<Description | undefined> {
  for await (const page of scope.store.list(scope.names.decisions)) {
    for (const { key } of page) {
      const found = await descriptionIn(scope, key.slice(scope.names.decisions.length));
      if (found) return found;
    }
  }
  return undefined;
}

/** Undefined for tombstones, and for what is damaged: another commit may be whole. */
async function descriptionIn(scope: TenantScope, backupId: string): Promise<Description | undefined> {
  try {
    return decodeCommitDescription(scope, backupId, await scope.store.read(scope.names.decision(backupId)));
  } catch (error) {
    if (error instanceof DrError && !error.code.startsWith('store.')) return undefined;
    throw error;
  }
}
