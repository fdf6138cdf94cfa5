import type { DatasetRestored, RestoreEvent } from './events.ts';
import type { DatasetOutcome, EndedRestore, OpenRestore, RestoreState } from './state.ts';

/** No rule lives here. An event that has no place in the state (none such is ever decided) changes nothing. */
export function evolve(state: RestoreState, event: RestoreEvent): RestoreState {
  if (event.type === 'RestoreRequested') {
    return state.status === 'absent' ? { status: 'pending', request: event.data, results: new Map() } : state;
  }
  return state.status === 'absent' || 'ended' in state ? state : evolveOpen(state, event);
}

function evolveOpen(state: OpenRestore, event: RestoreEvent): OpenRestore | EndedRestore {
  switch (event.type) {
    case 'RestoreStarted':
      return { ...state, status: 'running' };
    case 'RestoreSwapping':
      return { ...state, status: 'swapping' };
    case 'DatasetRestored':
      return withResult(state, event.data.n, restoredAs(event.data));
    case 'DatasetRestoreFailed':
      return withResult(state, event.data.n, { ok: false, code: event.data.code, message: event.data.message });
    case 'RestoreHooksRan':
      return { ...state, hooks: event.data.hooks };
    case 'RestoreCancelRequested':
      return { ...state, cancelRequestedBy: event.data.by };
    case 'RestoreEnded':
      return { ...state, status: event.data.outcome, ended: event.data };
    default:
      return state;
  }
}

const restoredAs = ({ to, lacks }: DatasetRestored): DatasetOutcome => ({ ok: true, to, ...(lacks !== undefined && { lacks }) });

function withResult(state: OpenRestore, n: number, outcome: DatasetOutcome): OpenRestore {
  return { ...state, results: new Map(state.results).set(n, outcome) };
}
