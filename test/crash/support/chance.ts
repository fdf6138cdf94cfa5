import { createHash, randomInt } from 'node:crypto';

/** How much of the suite is run. The defaults are a twentieth of what `npm run test:long` sets. */
export const crashSettings = {
  /** Moments of a backup and of a restore at which each part is killed; 0: one moment of either, drawn, per part. */
  moments: Number(process.env['DR_CRASH_MOMENTS'] ?? 0),
  /** Times that everything is killed at once. */
  blackouts: Number(process.env['DR_CRASH_BLACKOUTS'] ?? 1),
  /** Printed at the start; the same seed draws the same moments. */
  seed: Number(process.env['DR_CRASH_SEED'] ?? randomInt(2 ** 31)),
};

let drawn = 0;

/** 0 ≤ x < 1, the next of the seed. */
export function random(): number {
  return createHash('sha256').update(`${crashSettings.seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}
