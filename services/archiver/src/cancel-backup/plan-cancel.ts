import { backupDecider, parseStream } from '@dr/domain';
import type { EventStore, LoggedEvent, Queryable } from '@dr/event-store';
import type { JobQueue, NewJob } from '@dr/jobs';
import type { Traced } from '@dr/service';

/** A backup that somebody wants to end: its tombstone is to be put, unless a commit is there. */
export interface CancelPayload extends Traced {
  backupId: string;
}

const KIND = 'cancel';

type CancelRequested = Extract<LoggedEvent, { type: 'BackupCancelRequested' }>;

/**
 * Takes the backup's jobs away, waiting ones at once and running ones at their next heartbeat, and queues the job that decides in storage.
 * Part of the process manager of backups, which has seen the request before: no job of this backup comes after, but perhaps the seal.
 */
export async function planCancel(
  { queue, store }: { queue: JobQueue; store: EventStore },
  tx: Queryable,
  event: CancelRequested,
): Promise<NewJob[]> {
  const backupId = parseStream(event.stream).id;
  const { state } = await store.load(event.stream, backupDecider, tx);
  if (state.status !== 'pending' && state.status !== 'running') return [];
  const why = 'the backup is being cancelled';
  await queue.withdraw(tx, backupId, why, KIND);
  await queue.revoke(tx, backupId, why, KIND);
  return queue.enqueue(tx, [cancelJob(backupId, event.meta)]);
}

const cancelJob = (backupId: string, { tenant, traceparent }: CancelRequested['meta']): NewJob<CancelPayload> => ({
  jobId: `cancel-${backupId}`,
  kind: KIND,
  tenant,
  operationId: backupId,
  payload: { backupId, traceparent },
  attemptsMax: CANCEL_ATTEMPTS_MAX,
});

/** As for sealing: the end is decided in storage, so a store that is away for hours only delays it. */
const CANCEL_ATTEMPTS_MAX = 40;
