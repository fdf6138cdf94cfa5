import { type Queryable, rows } from '@dr/event-store';

/** How much an older measurement counts beside a new one. */
const FADING = 0.8;

/** Adds a restored data set to what is known of the speed of restores here. */
export async function recordRate(tx: Queryable, { bytes, ms }: { bytes: number; ms: number }): Promise<void> {
  const sql = `INSERT INTO restore_rate (bytes, ms) VALUES ($1, $2)
    ON CONFLICT (one) DO UPDATE SET bytes = restore_rate.bytes * $3 + $1, ms = restore_rate.ms * $3 + $2`;
  await tx.query(sql, [bytes, Math.max(1, ms), FADING]);
}

/** Bytes per second of past restores of this house, everything included; undefined before the first. */
export async function measuredRate(on: Queryable): Promise<number | undefined> {
  const [rate] = await rows<{ bytes: number; ms: number }>(on, 'SELECT bytes, ms FROM restore_rate', []);
  return rate && rate.bytes > 0 ? (rate.bytes * 1000) / rate.ms : undefined;
}
