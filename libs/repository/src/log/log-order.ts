import type { ObjectKey } from '@dr/storage';

/** A log segment by its name alone. */
export interface LogSegmentName {
  readonly key: ObjectKey;
  readonly epoch: number;
  readonly first: number;
}

/** A segment of the log as it is today: of an older epoch only the events up to `until` belong to it, where the next epoch left it. */
export interface LogStep extends LogSegmentName {
  readonly until: number;
}

/**
 * The segments that make up the newest epoch's log, in the order of their positions. An epoch begins behind the position where it left the
 * one before, which its first key tells; what an older epoch has behind that is its old tail.
 */
export function stepsOf(names: readonly LogSegmentName[]): LogStep[] {
  const epochs = [...new Set(names.map(({ epoch }) => epoch))].sort((a, b) => b - a);
  const steps: LogStep[] = [];
  let until = Number.MAX_SAFE_INTEGER;
  for (const epoch of epochs) {
    const own = names.filter((name) => name.epoch === epoch && name.first <= until);
    steps.push(...own.map((name) => ({ ...name, until })));
    until = Math.min(until, Math.min(...names.filter((name) => name.epoch === epoch).map(({ first }) => first)) - 1);
  }
  return steps.sort((a, b) => a.first - b.first || a.epoch - b.epoch);
}
