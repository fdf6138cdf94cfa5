import { backupDecider, parseStream, type RestoreDataset, type RestoreOptions, streamOf, verificationDecider } from '@dr/domain';
import type { EventStore, LoggedEvent, Queryable } from '@dr/event-store';
import { endOperation, type JobQueue, type NewJob } from '@dr/jobs';
import type { Traced } from '@dr/service';
import { follow } from './follow.ts';
import { cancelRestore, countDataset, planDatasets } from './plan-datasets.ts';

/** One data set to put in its place. */
export interface RestorePayload extends Traced {
  restoreId: string;
  backupId: string;
  targetTenant: string;
  dataset: RestoreDataset;
  options: RestoreOptions;
}

export interface VerificationPayload extends Traced {
  verificationId: string;
  backupId: string;
  level: 'quick' | 'full';
}

export interface Planner {
  store: EventStore;
  queue: JobQueue;
  /** Something is to be run after a restore, before it ends. */
  hasHooks?: boolean;
}

/**
 * The process manager of restores and verifications: a request becomes jobs, the last data set's result ends the restore, and a
 * verification's result is written on the backup it was of. Runs in the transaction that moves its checkpoint.
 * `isPast`: the operation is known to have ended; unknown is false, and costs more.
 * @returns the jobs that were queued, to be announced after COMMIT
 */
export async function planRestore(planner: Planner, tx: Queryable, event: LoggedEvent, isPast = false): Promise<NewJob[]> {
  switch (event.type) {
    case 'RestoreRequested':
      return isPast ? [] : planDatasets(planner, tx, event);
    case 'DatasetRestored':
    case 'DatasetRestoreFailed':
      return isPast ? [] : countDataset(planner, tx, event);
    case 'RestoreCancelRequested':
      return cancelRestore(planner, tx, event);
    case 'VerificationRequested':
      return isPast || (await hasEnded(planner, tx, event)) ? [] : planner.queue.enqueue(tx, [verificationJob(event)]);
    case 'VerificationEnded':
      await endOperation(tx, parseStream(event.stream).id);
      return recordOnBackup(planner, tx, event);
    case 'RestoreEnded':
      await endOperation(tx, parseStream(event.stream).id);
      return [];
    default:
      return [];
  }
}

type VerificationRequest = Extract<LoggedEvent, { type: 'VerificationRequested' }>;

const verificationJob = ({
  data: { verificationId, backupId, tenant, level },
  meta,
}: VerificationRequest): NewJob<VerificationPayload> => ({
  jobId: `verification-${verificationId}`,
  kind: 'verification',
  tenant,
  operationId: verificationId,
  payload: { verificationId, backupId, level, traceparent: meta.traceparent },
});

/** Old requests are read again when this process manager is built anew. */
async function hasEnded({ store }: Planner, tx: Queryable, { stream }: LoggedEvent): Promise<boolean> {
  return (await store.load(stream, verificationDecider, tx)).state.status !== 'pending';
}

/** A check that could not be finished proves nothing, so it is not written on the backup. */
async function recordOnBackup(
  planner: Planner,
  tx: Queryable,
  event: Extract<LoggedEvent, { type: 'VerificationEnded' }>,
): Promise<NewJob[]> {
  if (event.data.outcome === 'error') return [];
  const { state } = await planner.store.load(event.stream, verificationDecider, tx);
  if (state.status === 'absent') return [];
  const { verificationId, backupId } = state.request;
  if ((await planner.store.load(streamOf.backup(backupId), backupDecider, tx)).state.status === 'absent') return []; // its events were lost
  const command = { kind: 'recordVerification', verificationId, ok: event.data.outcome === 'passed', at: event.recordedAt } as const;
  await planner.store.decide(streamOf.backup(backupId), backupDecider, command, follow(event, `verified-${verificationId}`, tx));
  return [];
}
