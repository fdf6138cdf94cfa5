import { type BackupCommand, type BackupState, backupDecider, type DatasetRef, parseStream, streamOf } from '@dr/domain';
import type { EventStore, LoggedEvent, Queryable } from '@dr/event-store';
import { changed } from '@dr/event-store';
import { endOperation, type JobQueue, type NewJob } from '@dr/jobs';
import type { Traced } from '@dr/service';
import { planCancel } from '../cancel-backup/plan-cancel.ts';
import { planDelete } from '../delete-backup/plan-delete.ts';
import type { Slice } from '../slice-dataset/choose-slices.ts';
import { forgetSlices } from '../slice-dataset/slice-plan.ts';
import { basesFor, type CaptureBase, forgetCopies, rememberCopy, sealCopies } from './capture-bases.ts';

/** One data set of a backup to capture. */
export interface CapturePayload extends Traced {
  backupId: string;
  dataset: DatasetRef;
  /** Copies that may be built on, the preferred first; none for a full. */
  bases?: readonly CaptureBase[];
  /** This job captures a part of the data set only, from 1. */
  slice?: Slice & { number: number };
  /** This job brings the data set together, after its slices. */
  isSliced?: boolean;
}

/** A backup whose captures have all ended, to be decided. */
export interface SealPayload extends Traced {
  backupId: string;
}

interface Planner {
  store: EventStore;
  queue: JobQueue;
}

/**
 * The process manager of backups: a request becomes one job per data set, the last capture's result becomes the job that seals,
 * the wish to cancel takes the backup's jobs away and becomes the job that puts the tombstone.
 * Runs inside the transaction that moves its checkpoint, so each event has its effect once.
 * `isPast`: the backup is known to have ended, so that only its copies count; unknown is false, and costs more.
 * @returns the jobs that were queued, to be announced after COMMIT
 */
export async function planBackup(planner: Planner, tx: Queryable, event: LoggedEvent, isPast = false): Promise<NewJob[]> {
  switch (event.type) {
    case 'BackupRequested':
      return isPast ? [] : planCaptures(planner, tx, event);
    case 'DatasetCaptured':
      await rememberCopy(tx, event);
      return isPast ? [] : countCapture(planner, tx, event, 'done');
    case 'DatasetCaptureFailed':
      return isPast ? [] : countCapture(planner, tx, event, 'failed');
    case 'BackupCancelRequested':
      return isPast ? [] : planCancel(planner, tx, event);
    case 'BackupDeleteRequested':
      await planDelete(planner, tx, event);
      return [];
    case 'BackupSealed':
      await sealCopies(tx, parseStream(event.stream).id, event.position);
      return endBackup(tx, event);
    case 'BackupFailed':
    case 'BackupCancelled':
      await forgetCopies(tx, parseStream(event.stream).id);
      return endBackup(tx, event);
    default:
      return [];
  }
}

async function endBackup(tx: Queryable, { stream }: LoggedEvent): Promise<NewJob[]> {
  const backupId = parseStream(stream).id;
  await forgetSlices(tx, backupId);
  await endOperation(tx, backupId);
  return [];
}

type Requested = Extract<LoggedEvent, { type: 'BackupRequested' }>;

async function planCaptures(planner: Planner, tx: Queryable, event: Requested): Promise<NewJob[]> {
  const { backupId, tenant, datasets, backupType: type } = event.data;
  await tx.query('INSERT INTO backup_plans (backup_id, tenant, expected) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    backupId,
    tenant,
    datasets.length,
  ]);
  if (!isOpen(await decide(planner, tx, event, backupId, { kind: 'start' }))) return [];
  const bases = await basesFor(tx, { tenant, type, datasetIds: datasets.map((dataset) => dataset.datasetId) });
  return planner.queue.enqueue(
    tx,
    datasets.map((dataset) => captureJob(event, dataset, bases.get(dataset.datasetId))),
  );
}

/** Old requests are read again when this process manager is built anew; their jobs may be forgotten, and must not come back. */
const isOpen = ({ status }: BackupState): boolean => status === 'pending' || status === 'running';

const captureJob = (
  { data: { backupId, tenant }, meta: { traceparent } }: Requested,
  dataset: DatasetRef,
  bases: readonly CaptureBase[] = [],
): NewJob<CapturePayload> => ({
  jobId: `capture-${backupId}-${dataset.n}`,
  kind: 'capture',
  tenant,
  operationId: backupId,
  payload: { backupId, dataset, bases, traceparent },
});

type CaptureEnd = Extract<LoggedEvent, { type: 'DatasetCaptured' | 'DatasetCaptureFailed' }>;

async function countCapture(planner: Planner, tx: Queryable, event: CaptureEnd, column: 'done' | 'failed'): Promise<NewJob[]> {
  type Plan = { tenant: string; expected: number; done: number; failed: number };
  const { backupId } = event.data;
  const sql = `UPDATE backup_plans SET ${column} = ${column} + 1 WHERE backup_id = $1 RETURNING tenant, expected, done, failed`;
  const [plan] = await changed<Plan>(tx, sql, [backupId]);
  if (!plan || plan.done + plan.failed < plan.expected) return [];
  const counted = { kind: 'recordCaptures', done: plan.done, failed: plan.failed } as const;
  if (!isOpen(await decide(planner, tx, event, backupId, counted))) return [];
  return planner.queue.enqueue(tx, [sealJob(backupId, plan.tenant, event.meta.traceparent)]);
}

const sealJob = (backupId: string, tenant: string, traceparent: string | undefined): NewJob<SealPayload> => ({
  jobId: `seal-${backupId}`,
  kind: 'backup',
  tenant,
  operationId: backupId,
  payload: { backupId, traceparent },
  attemptsMax: SEAL_ATTEMPTS_MAX,
});

/** The end is decided in storage, so sealing is tried for hours before it is given up: a store that is away comes back. */
const SEAL_ATTEMPTS_MAX = 40;

async function decide(
  { store }: Planner,
  tx: Queryable,
  cause: LoggedEvent,
  backupId: string,
  command: BackupCommand,
): Promise<BackupState> {
  const commandId = `${command.kind}-${backupId}`;
  const meta = { ...cause.meta, actor: 'archiver' };
  return (await store.decide(streamOf.backup(backupId), backupDecider, command, { commandId, meta, tx })).state;
}
