import type { VerificationEvent } from './events.ts';
import type { VerificationState } from './state.ts';

export function evolve(state: VerificationState, event: VerificationEvent): VerificationState {
  if (event.type === 'VerificationRequested') return state.status === 'absent' ? { status: 'pending', request: event.data } : state;
  if (event.type !== 'VerificationEnded' || state.status !== 'pending') return state;
  return { status: event.data.outcome, request: state.request, ended: event.data };
}
