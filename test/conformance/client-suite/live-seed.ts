import { randomInt } from 'node:crypto';

/** Backups per live suite: a few in CI, all in `npm run test:long` (DR_LIVE_COUNT). */
export const COUNT = Number(process.env['DR_LIVE_COUNT'] ?? 2);

/** Only the writers whose name holds this. */
export const ONLY = process.env['DR_LIVE_ONLY'] ?? '';

/** A new seed every run, printed, so that a failure can be run again: DR_LIVE_SEED. The writers and the moments of the backups follow from it. */
export const SEED = Number(process.env['DR_LIVE_SEED'] ?? randomInt(1_000_000));

/** Numbers from 0 up to 1 that follow from the seed (mulberry32). */
export function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
