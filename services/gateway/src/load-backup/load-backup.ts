import { type Caller, visibleTenant } from '@dr/auth';
import { type BackupState, backupDecider, streamOf } from '@dr/domain';
import type { House } from '@dr/service';
import { notFound } from '../http/problem.ts';

export type KnownBackup = Exclude<BackupState, { status: 'absent' }>;

/** What may be an id of ours; anything else is not looked for, and is never sent to PostgreSQL or the bus. */
export const isPlainId = (id: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(id);

/**
 * A backup as the log has it, not as the catalog last saw it: for what decides on it.
 * @throws HttpProblem 404 when there is none that the key may see
 */
export async function loadBackup({ store }: Pick<House, 'store'>, caller: Caller, id: string): Promise<KnownBackup> {
  if (!isPlainId(id)) throw notFound('backup', id);
  const { state } = await store.load(streamOf.backup(id), backupDecider);
  if (state.status === 'absent' || !visibleTenant(caller, state.request.tenant)) throw notFound('backup', id);
  return state;
}
