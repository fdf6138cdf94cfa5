import { mostSevere } from '../dataset/findings.ts';
import { Refused, WrongState } from '../errors.ts';
import { sameValue } from '../log/canonical-json.ts';
import type { RecordRestored, RecordRestoreFailed } from './commands.ts';
import type { RestoreEvent } from './events.ts';
import type { DatasetOutcome, EndedRestore, OpenRestore } from './state.ts';

export function recordRestored(state: OpenRestore, { kind: _, findings, ...data }: RecordRestored): readonly RestoreEvent[] {
  const expected = selected(state, data.n);
  if (expected.from !== data.from || expected.to !== data.to) {
    throw new Refused(
      'restore.not_requested',
      `Cannot record that ${data.from} was restored as ${data.to}: number ${data.n} is ${expected.from} → ${expected.to}.`,
    );
  }
  if (isRecorded(state, data.n, { ok: true, to: data.to })) return [];
  if (state.status !== 'swapping') {
    throw new WrongState(
      'restore_not_swapping',
      'Cannot record a restored data set before the swap has begun: the log must know before the target changes.',
    );
  }
  return [{ type: 'DatasetRestored', data: { ...data, findings: mostSevere(findings) } }];
}

/** May come at any time after the start: staging, checking and swapping can all fail. */
export function recordFailed(state: OpenRestore, { kind: _, ...data }: RecordRestoreFailed): readonly RestoreEvent[] {
  selected(state, data.n);
  if (isRecorded(state, data.n, { ok: false, code: data.code, message: data.message })) return [];
  if (state.status === 'pending') throw new WrongState('restore_not_started', 'Cannot record a result: the restore was not started.');
  return [{ type: 'DatasetRestoreFailed', data }];
}

/** Whether an ended restore has this very result on record, so that a late repeat is no contradiction. */
export function repeatsResult(state: EndedRestore, command: RecordRestored | RecordRestoreFailed): boolean {
  const { n } = command;
  const outcome: DatasetOutcome =
    command.kind === 'recordRestored' ? { ok: true, to: command.to } : { ok: false, code: command.code, message: command.message };
  return isRecorded(state, n, outcome);
}

/** What a repeat must agree in. A later try may word otherwise what is lacking. */
const essential = (outcome: DatasetOutcome): object =>
  outcome.ok ? { ok: true, to: outcome.to } : { ok: false, code: outcome.code, message: outcome.message };

function selected(state: OpenRestore, n: number) {
  const dataset = state.request.datasets.find((d) => d.n === n);
  if (dataset) return dataset;
  throw new Refused(
    'restore.not_requested',
    `Cannot record a result for data set number ${n}: the restore has ${state.request.datasets.length}.`,
  );
}

function isRecorded(state: OpenRestore | EndedRestore, n: number, outcome: DatasetOutcome): boolean {
  const before = state.results.get(n);
  if (before === undefined) return false;
  if (sameValue(essential(before), essential(outcome))) return true;
  throw new WrongState(
    'restore_result_recorded',
    `Cannot record a result for data set number ${n}: another one is on record, and the first stays.`,
  );
}
