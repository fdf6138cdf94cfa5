import type { CaptureEvent } from './events.ts';
import type { CaptureState } from './state.ts';

/** The first result stays. */
export function evolve(state: CaptureState, event: CaptureEvent): CaptureState {
  if (state.status !== 'absent') return state;
  if (event.type === 'DatasetCaptured') return { status: 'captured', result: event.data };
  return event.type === 'DatasetCaptureFailed' ? { status: 'failed', result: event.data } : state;
}
