import { backupDecider, isVerifiedGood, streamOf } from '@dr/domain';
import type { EventStore, Queryable } from '@dr/event-store';
import type { OtherCopies } from '../catalog-client.ts';
import { HttpProblem } from '../http/problem.ts';

/** Serialises the deletions of one tenant: two of them must not take each other for the copy that stays. */
export const LOCK_DELETIONS = `SELECT pg_advisory_xact_lock(7105, hashtext($1))`;

/**
 * Refuses when a data set would be left without a copy that was verified and found good. The catalog nominates other backups that hold it
 * whole; whether they are still there and good is read from the log, in the transaction that holds LOCK_DELETIONS.
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
  const last: string[] = [];
  for (const { dataset_id, others } of copies) {
    let stays = false;
    for (const id of others) stays ||= await isGood(id);
    if (!stays) last.push(dataset_id);
  }
  if (last.length > 0) throw lastGoodCopy(backupId, last);
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
