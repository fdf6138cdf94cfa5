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
  const message = giveUp?.message ?? reasonOf(state);
  return [{ type: 'RestoreEnded', data: message === undefined ? data : { ...data, message } }];
}

/** Completed only when everything that was asked for is back as it was at the source, and no hook failed whose failure counts. */
function outcomeOf(state: OpenRestore, done: number): RestoreEnded['outcome'] {
  const { request, results } = state;
  if (done === 0) return 'failed';
  const isWhole = done === request.datasets.length && request.options.paths.length === 0 && request.lacking.length === 0;
  const lacks = [...results.values()].some((result) => result.ok && result.lacks !== undefined);
  return isWhole && !lacks && failedHooks(state).length === 0 ? 'completed' : 'partial';
}

const failedHooks = ({ hooks = [] }: OpenRestore) => hooks.filter(({ ok, blocking }) => blocking && !ok);

const NAMED_MAX = 5;

/** Why the restore as a whole is not completed, beyond what its data sets say for themselves. */
function reasonOf(state: OpenRestore): string | undefined {
  const { lacking } = state.request;
  const named = lacking.slice(0, NAMED_MAX).map(({ datasetId, cause }) => `${datasetId} (${cause})`);
  const more = lacking.length > NAMED_MAX ? ` and ${lacking.length - NAMED_MAX} more` : '';
  const missing = named.length > 0 ? [`The backup does not hold ${named.join(', ')}${more}.`] : [];
  const hooks = failedHooks(state).map(({ name, message }) => `Hook ${name} failed: ${message}`);
  const reasons = [...missing, ...hooks];
  return reasons.length > 0 ? reasons.join(' ').slice(0, REASON_LENGTH_MAX) : undefined;
}

const REASON_LENGTH_MAX = 2_000;
