import { isDataset } from '@dr/config';
import {
  type BackupEvent,
  type BackupRequested,
  backupDecider,
  type CaptureState,
  captureDecider,
  datasetForCommit,
  endToPropose,
  type ReadEvent,
  requestForCommit,
  streamOf,
  tombstoneReason,
} from '@dr/domain';
import type { EventStore } from '@dr/event-store';
import type { CommitManifest, Decision } from '@dr/repository';
import type { OpenSessions } from '../sessions/open-sessions.ts';

export interface SealBackup {
  store: EventStore;
  sessions: OpenSessions;
  now: () => number;
}

/**
 * Decides a backup in storage: a commit when any data set was captured (system state alone is no backup), a tombstone when nothing was or somebody asked to cancel. Whatever stands there already wins.
 * @returns the decision as it stands in storage; undefined when the backup has ended in the log already.
 */
export async function sealBackup({ store, sessions, now }: SealBackup, backupId: string): Promise<Decision | undefined> {
  const past = (await store.read(streamOf.backup(backupId))) as ReadEvent<BackupEvent>[];
  const state = past.reduce(backupDecider.evolve, backupDecider.initial);
  if (state.status !== 'running' && state.status !== 'pending') return undefined;
  const { request, cancelRequestedBy } = state;
  const captures = await Promise.all(request.datasets.map((dataset) => captureOf(store, backupId, dataset.n)));
  const ofDatasets = captures.filter((_, i) => isDataset(request.datasets[i]!.datasetId));
  const noCommit = cancelRequestedBy === undefined ? nothingCaptured(captures) : tombstoneReason('cancelled');
  const commits = cancelRequestedBy === undefined && endToPropose(ofDatasets) === 'commit';
  return sessions.use({ tenant: request.tenant, backupId, type: request.backupType }, ({ session }) =>
    commits
      ? session.commit(manifestOf(request, captures, { requestedAt: past[0]!.recordedAt, createdAtMs: now() }))
      : session.abandon(noCommit),
  );
}

async function captureOf(store: EventStore, backupId: string, n: number): Promise<CaptureState> {
  return (await store.load(streamOf.capture(backupId, n), captureDecider)).state;
}

function manifestOf(
  request: BackupRequested,
  captures: readonly CaptureState[],
  { requestedAt, createdAtMs }: { requestedAt: string; createdAtMs: number },
): CommitManifest {
  return {
    backupId: request.backupId,
    tenant: request.tenant,
    type: request.backupType,
    datasets: request.datasets.map((ref, i) => datasetForCommit(ref, captures[i]!)),
    createdAtMs,
    expected: request.datasets.length,
    ...parentOf(request, captures),
    extra: { ...requestForCommit(request, requestedAt) },
  };
}

/** The snapshot that was made whole, else the newest of the backups that its data sets were built on. */
function parentOf({ promotedFrom }: BackupRequested, captures: readonly CaptureState[]): { parentId?: string } {
  if (promotedFrom !== undefined) return { parentId: promotedFrom };
  const bases = captures.flatMap((capture) => (capture.status === 'captured' ? (capture.result.baseBackupId ?? []) : []));
  const newest = bases.sort().at(-1);
  return newest === undefined ? {} : { parentId: newest };
}

function nothingCaptured(captures: readonly CaptureState[]): string {
  const failures = captures.flatMap((capture) => (capture.status === 'failed' ? [capture.result] : []));
  const causes = failures.slice(0, 5).map((failure) => `${failure.datasetId}: ${failure.message}`);
  return tombstoneReason({ code: 'backup.nothing_captured', message: `No data set could be captured. ${causes.join('; ')}` });
}
