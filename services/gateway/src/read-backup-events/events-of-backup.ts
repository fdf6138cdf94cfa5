import { streamOf } from '@dr/domain';
import { decodeBody, type Queryable, type RecordedEvent, rows } from '@dr/event-store';
import { HttpProblem } from '../http/problem.ts';

/** Bytes of events in one page: ten thousand data sets make large ones. At least one event is always given. */
const PAGE_BYTES_MAX = 4_000_000;

export interface EventPage {
  events: RecordedEvent[];
  /** Id of the last event, when there are more. */
  next: string | undefined;
}

/**
 * The sealed events of a backup and of its captures, after one of them. Places are ids of events, not positions: those would tell how much
 * others do. @throws HttpProblem 400 `request.bad_cursor` when `after` is no event of this backup
 */
export async function eventsOfBackup(
  on: Queryable,
  backupId: string,
  { limit, after }: { limit: number; after: string | undefined },
): Promise<EventPage> {
  const streams = [streamOf.backup(backupId), `capture-${backupId}-`, `capture-${backupId}.`];
  const from = after === undefined ? 0 : await positionIn(on, streams, after);
  type Row = { event_id: string; body: Buffer; bytes: string };
  const found = await rows<Row>(on, EVENTS, [...streams, from, limit + 1]);
  const fit = found.filter(({ bytes }, i) => i < limit && (i === 0 || Number(bytes) <= PAGE_BYTES_MAX));
  const last = fit.length < found.length ? fit.at(-1) : undefined;
  return { events: fit.map(({ event_id, body }) => decodeBody(body, `event ${event_id}`)), next: last?.event_id };
}

/** '.' follows '-' in byte order, so the two bounds hold the capture streams of this backup and of no other. */
const OF_BACKUP = `(e.stream = $1 OR (e.stream >= $2 AND e.stream < $3))`;

export const EVENTS = `
SELECT e.event_id, e.body, sum(length(e.body)) OVER (ORDER BY l.position) AS bytes
  FROM events e JOIN event_log l ON l.event_id = e.event_id WHERE ${OF_BACKUP} AND l.position > $4 ORDER BY l.position LIMIT $5`;

async function positionIn(on: Queryable, streams: readonly string[], eventId: string): Promise<string> {
  const sql = `SELECT l.position FROM events e JOIN event_log l ON l.event_id = e.event_id WHERE ${OF_BACKUP} AND e.event_id = $4`;
  const [found] = await rows<{ position: string }>(on, sql, [...streams, eventId]);
  if (found) return found.position;
  throw new HttpProblem(400, 'request.bad_cursor', 'The cursor is not an event of this backup. Start again without one.');
}
