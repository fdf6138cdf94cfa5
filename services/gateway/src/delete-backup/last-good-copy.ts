import { isDataset } from '@dr/config';
import { type BackupState, backupDecider, isVerifiedGood, streamOf } from '@dr/domain';
import type { EventStore, Queryable } from '@dr/event-store';
import type { OtherCopies } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';

/** Serialises the deletions of one tenant: two of them must not take each other for the copy that stays. */
export const LOCK_DELETIONS = `SELECT pg_advisory_xact_lock(7105, hashtext($1))`;

/**
 * Refuses when a data set would be left without a copy that was verified and found good. What the backup holds whole is read from the log, in
 * the transaction that holds LOCK_DELETIONS, and so is whether the others are still there and good. The catalog only nominates those, so a
 * view that lags or is being made anew can refuse too much, but gives nothing away.
 * @throws HttpProblem 409 `backup.last_good_copy`, naming the data sets
 */
export async function refuseLastGoodCopy(
  store: EventStore,
  tx: Queryable,
  backupId: string,
  copies: readonly OtherCopies[],
): Promise<void> {
  const seen = new Map<string, Promise<boolean>>();
  const isGood = (id: string): Promise<boolean> => {
    const known = seen.get(id) ?? store.load(streamOf.backup(id), backupDecider, tx).then(({ state }) => isVerifiedGood(state));
    seen.set(id, known);
    return known;
  };
  const nominated = new Map(copies.map(({ dataset_id, others }) => [dataset_id, others]));
  const last: string[] = [];
  for (const datasetId of heldWhole((await store.load(streamOf.backup(backupId), backupDecider, tx)).state)) {
    let stays = false;
    for (const id of nominated.get(datasetId) ?? []) stays ||= await isGood(id);
    if (!stays) last.push(datasetId);
  }
  if (last.length > 0) throw lastGoodCopy(backupId, last);
}

/** The data sets of which this backup is a verified good copy. */
function heldWhole(state: BackupState): string[] {
  if (!isVerifiedGood(state) || !('sealed' in state)) return [];
  const missing = new Set(state.sealed.missing.map(({ datasetId }) => datasetId));
  return state.request.datasets.map(({ datasetId }) => datasetId).filter((id) => isDataset(id) && !missing.has(id));
}

const NAMED_MAX = 20;

function lastGoodCopy(backupId: string, datasets: readonly string[]): HttpProblem {
  const more = datasets.length > NAMED_MAX ? ` and ${datasets.length - NAMED_MAX} more` : '';
  return new HttpProblem(
    409,
    'backup.last_good_copy',
    `Backup ${backupId} holds the last verified good copy of ${datasets.slice(0, NAMED_MAX).join(', ')}${more}, so it was not deleted. ` +
      'Verify a newer backup first, or let an admin delete it with force=true.',
  );
}
