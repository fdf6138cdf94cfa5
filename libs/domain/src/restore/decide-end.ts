import { WrongState } from '../errors.ts';
import type { EndRestore } from './commands.ts';
import type { RestoreEnded, RestoreEvent } from './events.ts';
import type { OpenRestore } from './state.ts';

/** The outcome follows from the results. A data set without one counts as failed, and that takes a reason: a cancel, or giving up. */
export function end(state: OpenRestore, { giveUp }: EndRestore): readonly RestoreEvent[] {
  const expected = state.request.datasets.length;
  const isCancelled = state.cancelRequestedBy !== undefined;
  if (state.results.size < expected && !isCancelled && giveUp === undefined) {
    throw new WrongState(
      'restore_incomplete',
      `Cannot end: ${expected - state.results.size} of ${expected} data sets have no result. Record them, or give up.`,
    );
  }
  const done = [...state.results.values()].filter((result) => result.ok).length;
  const data: RestoreEnded = { outcome: isCancelled ? 'cancelled' : outcomeOf(state, done), expected, done, failed: expected - done };
  return [{ type: 'RestoreEnded', data: giveUp === undefined ? data : { ...data, message: giveUp.message } }];
}

/** A restore of some paths leaves a data set that is not whole, so it never counts as completed. */
function outcomeOf({ request }: OpenRestore, done: number): RestoreEnded['outcome'] {
  if (done === 0) return 'failed';
  return done === request.datasets.length && request.options.paths.length === 0 ? 'completed' : 'partial';
}
