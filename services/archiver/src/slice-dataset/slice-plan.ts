import { changed, type Queryable, rows } from '@dr/event-store';
import type { ClaimedJob, Job, JobQueue, NewJob } from '@dr/jobs';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';
import type { Slice } from './choose-slices.ts';

type CaptureJob = Pick<Job<CapturePayload>, 'tenant' | 'payload'>;

/** Turns the capture of a data set into jobs for its slices, in the transaction that ends the job that found it so large. */
export async function planSlices(
  tx: Queryable,
  queue: JobQueue,
  job: ClaimedJob<CapturePayload>,
  slices: readonly Slice[],
): Promise<NewJob[]> {
  const { backupId, dataset } = job.payload;
  const sql = 'INSERT INTO capture_slices (backup_id, n, slice) SELECT $1, $2, generate_series(1, $3::int) ON CONFLICT DO NOTHING';
  await tx.query(sql, [backupId, dataset.n, slices.length]);
  return queue.enqueue(
    tx,
    slices.map((slice, i) => jobOf(job, `slice-${i + 1}`, { slice: { ...slice, number: i + 1 } })),
  );
}

/**
 * A slice is captured, or given up: then the last job reads its files itself. The end of the last slice queues that job, which brings the data
 * set together. The ends of one data set wait for each other, so that one of them is the last.
 */
export async function endSlice(tx: Queryable, queue: JobQueue, job: CaptureJob, root: string | undefined): Promise<NewJob[]> {
  const { backupId, dataset, slice } = job.payload;
  await rows(tx, 'SELECT FROM capture_slices WHERE backup_id = $1 AND n = $2 ORDER BY slice FOR UPDATE', [backupId, dataset.n]);
  const end = 'UPDATE capture_slices SET ended = true, root = $4 WHERE backup_id = $1 AND n = $2 AND slice = $3';
  await changed(tx, end, [backupId, dataset.n, slice!.number, root ?? null]);
  const open = 'SELECT FROM capture_slices WHERE backup_id = $1 AND n = $2 AND NOT ended LIMIT 1';
  if ((await rows(tx, open, [backupId, dataset.n])).length > 0) return [];
  return queue.enqueue(tx, [jobOf(job, 'together', { isSliced: true })]);
}

/** Trees of the slices that were captured. */
export async function rootsOfSlices(on: Queryable, { backupId, dataset }: CapturePayload): Promise<string[]> {
  const sql = 'SELECT root FROM capture_slices WHERE backup_id = $1 AND n = $2 AND root IS NOT NULL ORDER BY slice';
  return (await rows<{ root: string }>(on, sql, [backupId, dataset.n])).map(({ root }) => root);
}

/** The backup has ended: its slices are of no use any more. */
export async function forgetSlices(tx: Queryable, backupId: string): Promise<void> {
  await tx.query('DELETE FROM capture_slices WHERE backup_id = $1', [backupId]);
}

function jobOf({ tenant, payload }: CaptureJob, name: string, more: Partial<CapturePayload>): NewJob<CapturePayload> {
  const { backupId, dataset, bases, traceparent } = payload;
  return {
    jobId: `capture-${backupId}-${dataset.n}-${name}`,
    kind: 'capture',
    tenant,
    operationId: backupId,
    payload: { backupId, dataset, bases, traceparent, ...more },
  };
}
