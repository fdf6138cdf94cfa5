import type { RepositoryEvent } from './events.ts';
import type { RepositoryState } from './state.ts';

export function evolve(state: RepositoryState, event: RepositoryEvent): RepositoryState {
  switch (event.type) {
    case 'LogImported':
      return { ...state, epoch: Math.max(state.epoch, event.data.epoch), imported: state.imported + 1 };
    case 'LogForked':
      return { ...state, epoch: event.data.epoch };
    case 'RollbackAdopted':
      return { ...state, adoptions: state.adoptions + 1 };
    default:
      return state;
  }
}
