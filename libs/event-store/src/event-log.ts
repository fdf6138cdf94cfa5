import { integer, type Queryable, rows } from './database.ts';
import { decodeBody } from './encoding.ts';
import { LogOutOfOrder } from './errors.ts';
import type { StoredEvent } from './event.ts';

export const READ_LOG = `
SELECT l.position, e.body FROM event_log l JOIN events e ON e.event_id = l.event_id
 WHERE l.position > $1 ORDER BY l.position LIMIT $2`;

export interface LogHead {
  /** 0 when nothing is sealed. */
  position: number;
  /** Hex SHA-256 of the chain up to here. */
  hash: string;
}

/**
 * The next sealed events after a position. Dense: what comes is after + 1, after + 2, … without a hole.
 * @throws LogOutOfOrder when a position is missing, so that a reader stops instead of skipping
 */
export async function readLog(on: Queryable, after: number, limit: number): Promise<StoredEvent[]> {
  const found = await rows<{ position: string; body: Buffer }>(on, READ_LOG, [after, limit]);
  return found.map((row, index) => {
    const position = integer(row.position);
    if (position !== after + 1 + index) {
      throw new LogOutOfOrder(
        `Reading the log after ${after}: found position ${position} where ${after + 1 + index} belongs. Run the chain check.`,
        { position },
      );
    }
    return { ...decodeBody(row.body, `log position ${position}`), position };
  });
}

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
