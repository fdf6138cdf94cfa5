import type { LogPath } from './read-logs.ts';

/**
 * Commit numbers of 1..highest that a log folder lacks, in order, apart from those that a heavy compaction reserved and never used (measured:
 * `_heavy_compact` of 4.7.4). Lazy, since damage may claim any number: take as many as are wanted.
 */
export function* missingNumbers(files: readonly LogPath[]): Generator<number> {
  const numbers = [...new Set(files.map(({ name }) => name.base))].sort((a, b) => a - b);
  const reserved = new Set(files.filter(({ name }) => name.letter === 'u').map(({ name }) => name.base + 1));
  let expected = 1;
  for (const number of numbers) {
    for (; expected < number; expected++) if (!reserved.has(expected)) yield expected;
    expected = number + 1;
  }
}
