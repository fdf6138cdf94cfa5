import { readDecision } from '../decisions.ts';
import { BackupUnknown } from '../errors.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Decision } from '../types.ts';
import { putSurely } from './put-surely.ts';

/** Puts a decision object, unless one is there, and @returns what is decided then. Commit and tombstone race for the same key. */
export async function decide(scope: TenantScope, backupId: string, bytes: Uint8Array): Promise<Decision> {
  await putSurely(scope.store, scope.names.decision(backupId), bytes);
  const decided = await readDecision(scope, backupId);
  if (!decided) throw new BackupUnknown(backupId, scope.keys.tenant);
  return decided;
}
