import { integer, preparedRows, type Queryable, rows } from './database.ts';
import { decodeBody } from './encoding.ts';
import { LogOutOfOrder } from './errors.ts';
import type { StoredEvent } from './event.ts';

/** Bytes of events that are read at once, if there are more than one: an event may have a megabyte, and a batch of them hundreds. */
export const LOG_BYTES_MAX = 8_000_000;

/** The sizes of bodies are known without reading them, so that those beyond the limit stay where they are. */
export const READ_LOG = `
SELECT sized.position, sized.body, sized.looked_at
  FROM (SELECT next.position, next.body, count(*) OVER ()::int AS looked_at,
               sum(octet_length(next.body)) OVER (ORDER BY next.position ROWS UNBOUNDED PRECEDING) - octet_length(next.body) AS bytes_before
          FROM (SELECT l.position, e.body FROM event_log l JOIN events e ON e.event_id = l.event_id
                 WHERE l.position > $1 ORDER BY l.position LIMIT $2) AS next) AS sized
 WHERE sized.bytes_before < $3 ORDER BY sized.position`;

export interface LogHead {
  /** 0 when nothing is sealed. */
  position: number;
  /** Hex SHA-256 of the chain up to here. */
  hash: string;
}

export interface LogPage {
  readonly events: StoredEvent[];
  /** False when the log ended here at the moment of reading. */
  readonly more: boolean;
}

/**
 * The next sealed events after a position: at most `limit`, and no more after `bytesMax` are reached. Dense: what comes is after + 1,
 * after + 2, … without a hole.
 * @throws LogOutOfOrder when a position is missing, so that a reader stops instead of skipping
 */
export async function readLogPage(on: Queryable, after: number, limit: number, bytesMax = LOG_BYTES_MAX): Promise<LogPage> {
  type Row = { position: string; body: Buffer; looked_at: number };
  const found = await preparedRows<Row>(on, 'read_log', READ_LOG, [after, limit, bytesMax]);
  const events = found.map((row, index) => {
    const position = integer(row.position);
    if (position !== after + 1 + index) throw missing(after, position, after + 1 + index);
    return { ...decodeBody(row.body, `log position ${position}`), position };
  });
  const lookedAt = found[0]?.looked_at ?? 0;
  return { events, more: lookedAt === limit || found.length < lookedAt };
}

/** As `readLogPage`, for who does not care whether there is more. */
export async function readLog(on: Queryable, after: number, limit: number, bytesMax = LOG_BYTES_MAX): Promise<StoredEvent[]> {
  return (await readLogPage(on, after, limit, bytesMax)).events;
}

const missing = (after: number, position: number, expected: number): LogOutOfOrder =>
  new LogOutOfOrder(`Reading the log after ${after}: found position ${position} where ${expected} belongs. Run the chain check.`, {
    position,
  });

/** Where the log ends, with the chain's hash. */
export async function logHead(on: Queryable): Promise<LogHead> {
  const [head] = await rows<{ position: string; hash: Buffer }>(on, 'SELECT position, hash FROM event_log ORDER BY position DESC LIMIT 1');
  return head ? { position: integer(head.position), hash: head.hash.toString('hex') } : { position: 0, hash: '00'.repeat(32) };
}

/** Dense position of an event, or undefined while it waits for the sequencer. */
export async function positionOf(on: Queryable, eventId: string): Promise<number | undefined> {
  const [found] = await rows<{ position: string }>(on, 'SELECT position FROM event_log WHERE event_id = $1', [eventId]);
  return found && integer(found.position);
}
