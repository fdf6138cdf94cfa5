import { type Checkpoint, checkpoints } from './checkpoint.ts';
import { integer, type Queryable, rows } from './database.ts';
import { logHead } from './event-log.ts';

export interface OpenTransaction {
  /** Undefined when the database's owner may not read pg_stat_activity (GRANT pg_read_all_stats TO dr_owner). */
  ageMs?: number;
  application: string;
  pid?: number;
}

export interface Lags {
  /** Last sealed position. */
  head: number;
  /** Events appended and not sealed yet; counted up to UNSEALED_COUNT_MAX. */
  unsealed: number;
  /** How long the oldest of them has waited: the sequencer's lag. 0 when none waits. */
  unsealedAgeMs: number;
  /** While it stays open, nothing newer can be sealed. Undefined when no write transaction is open. */
  oldestWrite?: OpenTransaction;
  /** Each processor and relay with how many positions it is behind the head. */
  processors: (Checkpoint & { behind: number })[];
}

export const UNSEALED_COUNT_MAX = 10_000;

const UNSEALED = `
SELECT count(*) AS n, coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)) * 1000, 0)::bigint AS age_ms
  FROM (SELECT queued_at FROM unsealed ORDER BY txid, position LIMIT ${UNSEALED_COUNT_MAX}) AS waiting`;

/** The oldest open write transaction of the whole cluster, prepared ones included; undefined when there is none. */
export async function oldestWriteTransaction(on: Queryable): Promise<OpenTransaction | undefined> {
  type Row = { age_ms: string | null; application: string | null; pid: number | null };
  const [row] = await rows<Row>(on, 'SELECT age_ms, application, pid FROM oldest_write_transaction()');
  if (!row || row.application === null) return undefined;
  return {
    application: row.application,
    ...(row.age_ms !== null && { ageMs: Math.max(0, Number(row.age_ms)) }),
    ...(row.pid !== null && { pid: row.pid }),
  };
}

/** Everything readiness and metrics ask of the log, in four small queries. */
export async function lags(on: Queryable): Promise<Lags> {
  const head = (await logHead(on)).position;
  const [waiting] = await rows<{ n: string; age_ms: string }>(on, UNSEALED);
  const oldestWrite = await oldestWriteTransaction(on);
  const processors = (await checkpoints(on)).map((p) => ({ ...p, behind: Math.max(0, head - p.position) }));
  return {
    head,
    unsealed: integer(waiting!.n),
    unsealedAgeMs: Math.max(0, Number(waiting!.age_ms)),
    ...(oldestWrite && { oldestWrite }),
    processors,
  };
}
