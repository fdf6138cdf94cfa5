import { changedCount, integer, type Queryable, rows } from './database.ts';
import { CheckpointMoved } from './errors.ts';

/** Who reads the log: a name and the version of its logic. A new version starts at 0 beside the old one. */
export interface ProcessorId {
  name: string;
  version: number;
}

export interface Checkpoint extends ProcessorId {
  /** Everything up to here is processed. */
  position: number;
  /** Set while the processor stands before an event that it cannot process. */
  poisoned?: { position: number; error: string };
}

interface Row {
  name: string;
  version: number;
  position: string;
  poisoned_position: string | null;
  poisoned_error: string | null;
}

/** Reads a checkpoint; creates it at 0 when absent. The first version of a name that ever runs is live at once. */
export async function openCheckpoint(on: Queryable, { name, version }: ProcessorId): Promise<Checkpoint> {
  await on.query('INSERT INTO processors (name, version) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, version]);
  await on.query('INSERT INTO live_projections (name, version) VALUES ($1, $2) ON CONFLICT DO NOTHING', [name, version]);
  const [row] = await rows<Row>(on, 'SELECT * FROM processors WHERE name = $1 AND version = $2', [name, version]);
  return toCheckpoint(row!);
}

function toCheckpoint(row: Row): Checkpoint {
  const poisoned =
    row.poisoned_position === null ? undefined : { position: integer(row.poisoned_position), error: row.poisoned_error ?? '' };
  return { name: row.name, version: row.version, position: integer(row.position), ...(poisoned && { poisoned }) };
}

/** Moves a checkpoint by compare-and-set. @throws CheckpointMoved when it is no longer `from` */
export async function moveCheckpoint(tx: Queryable, { name, version }: ProcessorId, from: number, to: number): Promise<void> {
  const sql = `UPDATE processors SET position = $4, poisoned_position = NULL, poisoned_error = NULL, updated_at = clock_timestamp()
                WHERE name = $1 AND version = $2 AND position = $3`;
  if ((await changedCount(tx, sql, [name, version, from, to])) !== 1) throw new CheckpointMoved(`${name} v${version}`, from);
}

/** Notes the event at which a processor stopped, for operators; the position stays. */
export async function notePoison(on: Queryable, { name, version }: ProcessorId, position: number, error: string): Promise<void> {
  const sql = `UPDATE processors SET poisoned_position = $3, poisoned_error = $4, updated_at = clock_timestamp()
                WHERE name = $1 AND version = $2`;
  await on.query(sql, [name, version, position, error.slice(0, 2_000)]);
}

/** Sets a checkpoint, for drills and repairs: 0 reads everything again. Stop the processor first; its rows are the caller's business. */
export async function resetCheckpoint(on: Queryable, { name, version }: ProcessorId, position: number): Promise<void> {
  const sql = `INSERT INTO processors AS p (name, version, position) VALUES ($1, $2, $3)
               ON CONFLICT (name, version) DO UPDATE SET position = $3, poisoned_position = NULL, poisoned_error = NULL`;
  await on.query(sql, [name, version, position]);
}

/** Lets readers use this version from now on, unless a newer one is live. Run it in the transaction that caught up. */
export async function goLive(tx: Queryable, { name, version }: ProcessorId): Promise<boolean> {
  const sql = 'UPDATE live_projections SET version = $2, switched_at = clock_timestamp() WHERE name = $1 AND version < $2';
  return (await changedCount(tx, sql, [name, version])) === 1;
}

/** The version whose rows readers should use; undefined before the first one ever started. */
export async function liveVersion(on: Queryable, name: string): Promise<number | undefined> {
  const [row] = await rows<{ version: number }>(on, 'SELECT version FROM live_projections WHERE name = $1', [name]);
  return row?.version;
}

/** Every checkpoint there is, by name and version. */
export async function checkpoints(on: Queryable): Promise<Checkpoint[]> {
  return (await rows<Row>(on, 'SELECT * FROM processors ORDER BY name, version')).map(toCheckpoint);
}
