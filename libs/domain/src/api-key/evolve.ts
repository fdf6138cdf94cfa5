import type { ApiKeyEvent } from './events.ts';
import type { ApiKeyState } from './state.ts';

export function evolve(state: ApiKeyState, event: ApiKeyEvent): ApiKeyState {
  if (event.type === 'ApiKeyCreated') return state.status === 'absent' ? { status: 'active', key: event.data } : state;
  return event.type === 'ApiKeyRevoked' && state.status === 'active' ? { ...state, status: 'revoked' } : state;
}
