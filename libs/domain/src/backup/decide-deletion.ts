import { WrongState } from '../errors.ts';
import type { RecordDeleted, RequestDelete, Undelete } from './commands.ts';
import type { BackupEvent } from './events.ts';
import type { AbsentBackup, BackupState } from './state.ts';

type Known = Exclude<BackupState, AbsentBackup>;

const isDeleted = (state: BackupState): boolean => {
  const step = 'deletion' in state ? state.deletion?.step : undefined;
  return step === 'deleting' || step === 'deleted';
};

export const isSnapshot = (state: BackupState): boolean => 'request' in state && state.request.backupType === 'snapshot';

/** Whether a backup may be restored, verified, or be what an incremental one goes on from: it is sealed, and nobody deleted it. */
export const isUsable = (state: BackupState): boolean => 'sealed' in state && !isDeleted(state);

/**
 * A usable backup whose last verification found nothing wrong: what must not be the last of its kind to go. A snapshot never is: what it only pins it does
 * not hold, and what it refers to is a copy of the backup that stored it.
 */
export const isVerifiedGood = (state: BackupState): boolean =>
  isUsable(state) && !isSnapshot(state) && 'verifications' in state && state.verifications.at(-1)?.ok === true;

/** What ended can be deleted, however it ended. Whether it is held or the last good copy is asked before: that is not in this stream. */
export function requestDelete(state: Known, { by, force }: RequestDelete): readonly BackupEvent[] {
  if (state.status === 'pending' || state.status === 'running') {
    throw new WrongState('backup_running', `Cannot delete: backup ${state.request.backupId} is ${state.status}. Cancel it first.`, {
      status: state.status,
    });
  }
  return isDeleted(state) ? [] : [{ type: 'BackupDeleteRequested', data: { by, force } }];
}

/** An undelete that was faster is no contradiction. */
export function recordDeleted(state: Known, { purgeAfter }: RecordDeleted): readonly BackupEvent[] {
  return state.deletion?.step === 'deleting' ? [{ type: 'BackupDeleted', data: { purgeAfter } }] : [];
}

export function undelete(state: Known, { by }: Undelete): readonly BackupEvent[] {
  if (isDeleted(state)) return [{ type: 'BackupUndeleted', data: { by } }];
  if (state.deletion !== undefined) return [];
  throw new WrongState('backup_not_deleted', `Cannot undelete: backup ${state.request.backupId} is ${state.status}, not deleted.`, {
    status: state.status,
  });
}
