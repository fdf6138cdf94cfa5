import { Refused, WrongState } from '../errors.ts';
import { sameValue } from '../log/canonical-json.ts';
import { assertFits, assertSelection, firstRepeated } from '../selection.ts';
import type { BackupCommand, RecordCaptures, RecordVerification, RecoverBackup, RequestBackup, RequestCancel } from './commands.ts';
import { recordDeleted, requestDelete, undelete } from './decide-deletion.ts';
import { recordDecision } from './decide-end.ts';
import type { BackupEvent } from './events.ts';
import type { AbsentBackup, BackupState, DeadBackup, SealedBackup } from './state.ts';

/**
 * A backup's life. It is requested, started, counted, and ends once, by what stands in storage; then it may be deleted and come back.
 * @throws WrongState 'wrong_state.backup_…' for a command that contradicts what was decided; Refused 'backup.…' for one that no state allows.
 */
export function decide(state: BackupState, command: BackupCommand): readonly BackupEvent[] {
  if (command.kind === 'request') return request(state, command);
  if (command.kind === 'recover') return recover(state, command);
  if (state.status === 'absent') throw absent(command.kind);
  switch (command.kind) {
    case 'start':
      return start(state);
    case 'recordCaptures':
      return recordCaptures(state, command);
    case 'requestCancel':
      return requestCancel(state, command);
    case 'recordDecision':
      return recordDecision(state, command.decision);
    case 'recordVerification':
      return recordVerification(state, command);
    case 'requestDelete':
      return requestDelete(state, command);
    case 'recordDeleted':
      return recordDeleted(state, command);
    case 'undelete':
      return undelete(state, command);
  }
}

type Known = Exclude<BackupState, AbsentBackup>;

const isEnded = (state: Known): state is SealedBackup | DeadBackup => state.status !== 'pending' && state.status !== 'running';

const absent = (doing: string): WrongState =>
  new WrongState(
    'backup_absent',
    `Cannot ${doing}: this backup was never requested. Check its id; \`dr list\` shows the backups there are.`,
  );

function request(state: BackupState, { kind: _, ...data }: RequestBackup): readonly BackupEvent[] {
  if (state.status !== 'absent') {
    if (sameValue(state.request, data)) return [];
    throw new WrongState('backup_exists', `Cannot request backup ${data.backupId}: the id belongs to another request. Take a new id.`);
  }
  assertSelection('backup', data.datasets);
  const twice = firstRepeated(data.datasets.map((dataset) => dataset.datasetId));
  if (twice !== undefined) throw new Refused('backup.dataset_twice', `The backup was not started: it selects data set ${twice} twice.`);
  if (data.promotedFrom !== undefined && data.backupType !== 'full')
    throw new Refused(
      'backup.promotes_to_full',
      `The backup was not started: a snapshot is promoted to a full, not to a backup of type ${data.backupType}.`,
    );
  assertFits('backup', data);
  return [{ type: 'BackupRequested', data }];
}

/** What the log knows already is not recovered: its own record counts. */
function recover(state: BackupState, { kind: _, ...data }: RecoverBackup): readonly BackupEvent[] {
  return state.status === 'absent' ? [{ type: 'BackupRecovered', data }] : [];
}

/** The process manager says this when it reads the request; that a cancel or the end was faster is no contradiction, and starts nothing. */
function start(state: Known): readonly BackupEvent[] {
  const isDue = state.status === 'pending' && state.cancelRequestedBy === undefined;
  return isDue ? [{ type: 'BackupStarted', data: {} }] : [];
}

/** Every data set that was expected has exactly one result, so the two counts make up the selection. After the end they come too late to matter. */
function recordCaptures(state: Known, { done, failed }: RecordCaptures): readonly BackupEvent[] {
  if (state.captures !== undefined) {
    if (sameValue(state.captures, { done, failed })) return [];
    throw new WrongState('backup_captures_counted', 'Cannot record the captures: they were counted before, with another result.');
  }
  if (isEnded(state)) return [];
  const expected = state.request.datasets.length;
  if (done < 0 || failed < 0 || done + failed !== expected) {
    throw new Refused(
      'backup.captures_incomplete',
      `Cannot record the captures: ${done} done and ${failed} failed do not make the ${expected} expected.`,
    );
  }
  return [{ type: 'BackupCapturesEnded', data: { done, failed } }];
}

function requestCancel(state: Known, { by, reasonDigest }: RequestCancel): readonly BackupEvent[] {
  if (state.status === 'cancelled') return [];
  if (isEnded(state)) {
    throw new WrongState('backup_already_decided', `Cannot cancel: backup ${state.request.backupId} is ${state.status} already.`, {
      status: state.status,
    });
  }
  if (state.cancelRequestedBy !== undefined) return [];
  return [{ type: 'BackupCancelRequested', data: reasonDigest === undefined ? { by } : { by, reasonDigest } }];
}

function recordVerification(state: Known, { verificationId, ok, at }: RecordVerification): readonly BackupEvent[] {
  if (!('sealed' in state)) {
    throw new WrongState(
      'backup_not_sealed',
      `Cannot record a verification: backup ${state.request.backupId} is ${state.status}, not sealed.`,
    );
  }
  const before = state.verifications.find((v) => v.verificationId === verificationId);
  if (before === undefined) return [{ type: 'BackupVerified', data: { verificationId, ok, at } }];
  if (before.ok === ok) return [];
  throw new WrongState(
    'backup_verification_recorded',
    `Cannot record verification ${verificationId}: it is on record with the opposite result.`,
  );
}
