import { integer, type Queryable, rows } from './database.ts';
import { decodeBody } from './encoding.ts';
import { logHead } from './event-log.ts';
import { APP_ROLE } from './schema/access.ts';
import { sqlMigration } from './sql-migration.ts';

/** What the repository has been seen to hold: its log's copy, and per tenant's tag the number of the newest ledger plan. */
export interface RememberedHeads {
  readonly repositoryId: string;
  readonly epoch: number;
  /** Of the newest event in the copy; 0: none. */
  readonly position: number;
  /** Hex. */
  readonly hash: string;
  readonly ledgers: Readonly<Record<string, number>>;
  /** How often somebody accepted a repository that showed less: what was remembered before the last time does not count. */
  readonly adoptions: number;
  /** Set while the repository shows less than is remembered: nothing is written into it. */
  readonly lacks: readonly string[];
}

/** One row per repository that this log was ever copied into. Coordination, not truth: the same is kept outside of the database too. */
export const logCopyMigration = sqlMigration(
  'CreateLogCopies1764920000000',
  `
CREATE TABLE log_copies (
  repository_id text PRIMARY KEY, heads jsonb NOT NULL, updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT, INSERT, UPDATE, DELETE ON log_copies TO ${APP_ROLE};
`,
);

export async function rememberHeads(on: Queryable, heads: RememberedHeads): Promise<void> {
  const sql = `INSERT INTO log_copies (repository_id, heads) VALUES ($1, $2)
    ON CONFLICT (repository_id) DO UPDATE SET heads = excluded.heads, updated_at = clock_timestamp()`;
  await on.query(sql, [heads.repositoryId, JSON.stringify(heads)]);
}

/** Of all repositories, the one that was written last first. */
export async function rememberedHeads(on: Queryable): Promise<RememberedHeads[]> {
  const found = await rows<{ heads: RememberedHeads }>(on, 'SELECT heads FROM log_copies ORDER BY updated_at DESC');
  return found.map(({ heads }) => heads);
}

export const HASHES = 'SELECT position, hash FROM event_log WHERE position BETWEEN $1 AND $2 ORDER BY position';

/** The chain's hashes from position to position, inclusive, hex. */
export async function chainHashes(on: Queryable, from: number, to: number): Promise<Map<number, string>> {
  const found = await rows<{ position: string; hash: Buffer }>(on, HASHES, [from, to]);
  return new Map(found.map(({ position, hash }) => [integer(position), hash.toString('hex')]));
}

export interface SealedBodies {
  readonly bodies: readonly Buffer[];
  /** Of the chain behind the last one, hex. */
  readonly hash: string;
}

export const BODIES = `
SELECT e.body, l.hash FROM event_log l JOIN events e ON e.event_id = l.event_id WHERE l.position > $1 ORDER BY l.position LIMIT $2`;

/** The stored bytes of the next sealed events, at most so many, and no more once they have so many bytes. Undefined: there are none. */
export async function sealedBodies(
  on: Queryable,
  after: number,
  limits: { events: number; bytes: number },
): Promise<SealedBodies | undefined> {
  const bodies: Buffer[] = [];
  let [bytes, hash] = [0, ''];
  while (bodies.length < limits.events) {
    const page = Math.min(PAGE, limits.events - bodies.length);
    const found = await rows<{ body: Buffer; hash: Buffer }>(on, BODIES, [after + bodies.length, page]);
    for (const row of found) {
      if (bodies.length > 0 && bytes + row.body.length > limits.bytes) return { bodies, hash };
      bodies.push(row.body);
      bytes += row.body.length;
      hash = row.hash.toString('hex');
    }
    if (found.length < page) break;
  }
  return bodies.length === 0 ? undefined : { bodies, hash };
}

const PAGE = 500;

/** How far a copy of the log is behind, and for how long the first event that it lacks has been there. */
export interface CopyLag {
  readonly head: number;
  readonly behind: number;
  readonly ageMs: number;
}

export async function copyLag(on: Queryable, copied: number): Promise<CopyLag> {
  const { position: head } = await logHead(on);
  const sql = `SELECT greatest(0, extract(epoch FROM clock_timestamp() - sealed_at) * 1000)::bigint AS age FROM event_log WHERE position = $1`;
  const [first] = await rows<{ age: string }>(on, sql, [copied + 1]);
  return { head, behind: Math.max(0, head - copied), ageMs: first ? integer(first.age) : 0 };
}

export const ENDED_SINCE = `
SELECT 1 FROM event_log l JOIN events e ON e.event_id = l.event_id
 WHERE l.position > $1 AND e.type IN ('BackupSealed', 'BackupFailed', 'BackupCancelled') LIMIT 1`;

/** Whether a backup has ended behind a position. */
export async function backupEndedSince(on: Queryable, position: number): Promise<boolean> {
  return (await rows(on, ENDED_SINCE, [position])).length > 0;
}

/** The stream and the version of a stored event. @throws BodyUnreadable */
export function placeOf(body: Uint8Array): { stream: string; version: number } {
  const { stream, version } = decodeBody(body, 'an archived event');
  return { stream, version };
}
