import { ObjectMissing } from '@dr/storage';
import { mapLimited } from './concurrency.ts';
import { decodeDecision } from './format/decision.ts';
import type { Ledger } from './ledger.ts';
import { decoding, type TenantScope } from './tenant-scope.ts';
import type { Decision } from './types.ts';

const READS_AT_ONCE = 16;

/** The decision object of a backup; undefined while there is none. @throws Damaged, FormatTooNew. */
export async function readDecision(scope: TenantScope, backupId: string): Promise<Decision | undefined> {
  const key = scope.names.decision(backupId);
  try {
    const bytes = await scope.store.read(key);
    return decoding(key, () => decodeDecision(scope, backupId, bytes));
  } catch (cause) {
    if (cause instanceof ObjectMissing) return undefined;
    throw cause;
  }
}

/** All decisions by key, purged ones left out. A damaged one is handed to `damaged` and left out too: one bad object hides no other backup. */
export async function* listDecisions(scope: TenantScope, ledger: Ledger, damaged: (error: unknown) => void): AsyncGenerator<Decision[]> {
  for await (const page of scope.store.list(scope.names.decisions)) {
    const ids = page.map(({ key }) => key.slice(scope.names.decisions.length)).filter((id) => !ledger.purged.has(id));
    const read = await mapLimited(ids, READS_AT_ONCE, (id) =>
      readDecision(scope, id).catch((error: unknown) => {
        damaged(error);
        return undefined;
      }),
    );
    yield read.filter((decision) => decision !== undefined);
  }
}
