import type { BackupEvent, BackupRecovered } from './events.ts';
import type { BackupState, DeadBackup, OpenBackup, SealedBackup } from './state.ts';

/** In the place of the key that asked for a backup whose request was lost. */
export const RECOVERY = 'recovery';

/** No rule lives here: events are facts. One that has no place in the state (none such is ever decided) changes nothing. */
export function evolve(state: BackupState, event: BackupEvent): BackupState {
  if (event.type === 'BackupRequested') return state.status === 'absent' ? { status: 'pending', request: event.data } : state;
  if (event.type === 'BackupRecovered') return state.status === 'absent' ? recovered(event.data) : state;
  if (state.status === 'absent') return state;
  if (isOpen(state)) return evolveOpen(state, event);
  return evolveEnded(state, event);
}

/** Who had asked for it is not known any more, unless its commit says so. */
function recovered({ decidedAt: _, requestedAt: _at, ...request }: BackupRecovered): OpenBackup {
  return { status: 'pending', request: { requestedBy: RECOVERY, ...request } };
}

const isOpen = (state: BackupState): state is OpenBackup => state.status === 'pending' || state.status === 'running';

function evolveOpen(state: OpenBackup, event: BackupEvent): OpenBackup | SealedBackup | DeadBackup {
  switch (event.type) {
    case 'BackupStarted':
      return { ...state, status: 'running' };
    case 'BackupCapturesEnded':
      return { ...state, captures: event.data };
    case 'BackupCancelRequested':
      return { ...state, cancelRequestedBy: event.data.by };
    case 'BackupSealed':
      return { ...state, status: event.data.outcome, sealed: event.data, verifications: [] };
    case 'BackupFailed':
      return { ...state, status: 'failed', failure: event.data };
    case 'BackupCancelled':
      return { ...state, status: 'cancelled' };
    default:
      return state;
  }
}

function evolveEnded(state: SealedBackup | DeadBackup, event: BackupEvent): BackupState {
  switch (event.type) {
    case 'BackupVerified':
      return 'sealed' in state ? withVerification(state, event.data) : state;
    case 'BackupDeleteRequested':
      return { ...state, deletion: { step: 'deleting' } };
    case 'BackupDeleted':
      return { ...state, deletion: { step: 'deleted', purgeAfter: event.data.purgeAfter } };
    case 'BackupUndeleted':
      return { ...state, deletion: { step: 'undone' } };
    default:
      return state;
  }
}

function withVerification(state: SealedBackup, { verificationId, ok }: { verificationId: string; ok: boolean }): SealedBackup {
  return { ...state, verifications: [...state.verifications, { verificationId, ok }] };
}
