import { WrongState } from '../errors.ts';
import type { RecordHooks, RequestRestoreCancel, RestoreCommand } from './commands.ts';
import { end } from './decide-end.ts';
import { request } from './decide-request.ts';
import { recordFailed, recordRestored, repeatsResult } from './decide-result.ts';
import type { RestoreEvent } from './events.ts';
import type { EndedRestore, OpenRestore, RestoreState } from './state.ts';

/**
 * A restore's life: requested, started, staged, then swapped in, one result per data set, and one outcome that follows from them.
 * @throws WrongState 'wrong_state.restore_…' for a command that contradicts what was decided; Refused 'restore.…' for a bad request.
 */
export function decide(state: RestoreState, command: RestoreCommand): readonly RestoreEvent[] {
  if (command.kind === 'request') return request(state, command);
  if (state.status === 'absent') {
    throw new WrongState('restore_absent', `Cannot ${command.kind}: this restore was never requested. Check its id.`);
  }
  return 'ended' in state ? decideEnded(state, command) : decideOpen(state, command);
}

type Later = Exclude<RestoreCommand, { kind: 'request' }>;

function decideOpen(state: OpenRestore, command: Later): readonly RestoreEvent[] {
  switch (command.kind) {
    case 'start':
      return start(state);
    case 'beginSwap':
      return beginSwap(state);
    case 'recordRestored':
      return recordRestored(state, command);
    case 'recordFailed':
      return recordFailed(state, command);
    case 'recordHooks':
      return recordHooks(state, command);
    case 'requestCancel':
      return requestCancel(state, command);
    case 'end':
      return end(state, command);
  }
}

/** The end is final; what only repeats it is no contradiction. */
function decideEnded(state: EndedRestore, command: Later): readonly RestoreEvent[] {
  if (command.kind === 'end' || (command.kind === 'recordHooks' && state.hooks !== undefined)) return [];
  if (command.kind === 'requestCancel' && state.status === 'cancelled') return [];
  if ((command.kind === 'recordRestored' || command.kind === 'recordFailed') && repeatsResult(state, command)) return [];
  throw new WrongState(
    'restore_ended',
    `Cannot ${command.kind}: restore ${state.request.restoreId} is ${state.status}, and ends are final.`,
    {
      status: state.status,
    },
  );
}

const cancelled = (doing: string): WrongState =>
  new WrongState('restore_cancel_requested', `Cannot ${doing}: a cancel was requested. Remove the staging and end the restore.`);

function start(state: OpenRestore): readonly RestoreEvent[] {
  if (state.status !== 'pending') return [];
  if (state.cancelRequestedBy !== undefined) throw cancelled('start');
  return [{ type: 'RestoreStarted', data: {} }];
}

/** From here on the target changes, so the answer to a cancel asked before is given here: the swap does not begin. */
function beginSwap(state: OpenRestore): readonly RestoreEvent[] {
  if (state.status === 'swapping') return [];
  if (state.cancelRequestedBy !== undefined) throw cancelled('begin the swap');
  if (state.status === 'pending') throw new WrongState('restore_not_started', 'Cannot begin the swap: the restore was not started.');
  return [{ type: 'RestoreSwapping', data: {} }];
}

/** Once; a worker that repeats the job may have run them twice. */
function recordHooks(state: OpenRestore, { hooks }: RecordHooks): readonly RestoreEvent[] {
  if (state.hooks !== undefined) return [];
  if (state.results.size < state.request.datasets.length) {
    throw new WrongState('restore_incomplete', 'Cannot record hooks: they run after the last data set, and some have no result yet.');
  }
  return [{ type: 'RestoreHooksRan', data: { hooks } }];
}

function requestCancel(state: OpenRestore, { by }: RequestRestoreCancel): readonly RestoreEvent[] {
  if (state.status === 'swapping') {
    throw new WrongState(
      'restore_swapping',
      'Cannot cancel: the restored data sets are being put in place, which is finished in a moment.',
    );
  }
  if (state.cancelRequestedBy !== undefined) return [];
  return [{ type: 'RestoreCancelRequested', data: { by } }];
}
