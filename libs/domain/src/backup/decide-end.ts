import type { DatasetRef, MissingDataset } from '../dataset/dataset.ts';
import { Refused, WrongState } from '../errors.ts';
import { CAUSE_LENGTH_MAX, CAUSES_MAX } from '../limits.ts';
import type { CommitDecision, CommittedDataset, TombstoneDecision } from './commands.ts';
import type { BackupEvent, BackupRequested, BackupSealed } from './events.ts';
import { lostIn } from './left-out.ts';
import type { AbsentBackup, BackupState } from './state.ts';

type Known = Exclude<BackupState, AbsentBackup>;
type Decision = CommitDecision | TombstoneDecision;

/**
 * The end was decided in storage, by the one object that may stand there; here it is only written down. So a commit seals the backup
 * even after a cancel was asked for, and a tombstone ends it even when all captures had gone well.
 */
export function recordDecision(state: Known, decision: Decision): readonly BackupEvent[] {
  if (decision.backupId !== state.request.backupId) {
    throw new Refused('backup.foreign_decision', `Cannot end backup ${state.request.backupId} by the decision of ${decision.backupId}.`);
  }
  if (state.status === 'pending' || state.status === 'running') return [ending(state.request, decision)];
  if (agrees(state, decision)) return [];
  throw new WrongState(
    'backup_decision_contradicts',
    `Backup ${decision.backupId} is recorded as ${state.status}, but storage shows another ${decision.kind}. The store or the log was altered: run \`dr verify\`.`,
    { status: state.status, decision: decision.kind },
  );
}

function agrees(state: Known, decision: Decision): boolean {
  if (decision.kind === 'commit') return 'sealed' in state && state.sealed.checksum === decision.checksum;
  return state.status === decision.reason;
}

function ending(request: BackupRequested, decision: Decision): BackupEvent {
  if (decision.kind === 'commit') return { type: 'BackupSealed', data: sealed(request, decision) };
  if (decision.reason === 'cancelled') return { type: 'BackupCancelled', data: {} };
  const { code = 'backup.given_up', message = 'The backup was given up.' } = decision;
  return { type: 'BackupFailed', data: { code, message } };
}

/** Everything that was expected is in the commit without loss, and nothing was left out that may have been meant: completed. Anything less is partial, and says what and why. */
function sealed({ datasets: expected, leftOut }: BackupRequested, commit: CommitDecision): BackupSealed {
  const committed = new Map(commit.datasets.map((dataset) => [dataset.datasetId, dataset]));
  const missing = expected.flatMap((ref) => lacking(ref, committed.get(ref.datasetId)));
  const lost = lostIn(leftOut ?? commit.leftOut);
  const { kind: _, backupId: _id, datasets: _datasets, leftOut: _leftOut, ...facts } = commit;
  return {
    ...facts,
    outcome: missing.length + lost.length === 0 ? 'completed' : 'partial',
    expected: expected.length,
    done: expected.length - missing.length,
    missing: [...missing, ...lost].map(shortened),
  };
}

function lacking({ datasetId }: DatasetRef, committed: CommittedDataset | undefined): MissingDataset[] {
  if (committed === undefined) return [{ datasetId, cause: 'The commit does not hold it.' }];
  if (committed.status === 'completed') return [];
  return [{ datasetId, cause: committed.cause ?? `It is in the commit as ${committed.status}.` }];
}

/** Every name stays; of very many, only the first have their cause here, and all have it in their capture stream. */
function shortened({ datasetId, cause }: MissingDataset, index: number): MissingDataset {
  return { datasetId, cause: index < CAUSES_MAX ? cause.slice(0, CAUSE_LENGTH_MAX) : '' };
}
