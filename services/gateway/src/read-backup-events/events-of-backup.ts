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
  type Row = { event_id: string; body: Buffer | null };
  const found = await rows<Row>(on, EVENTS, [...streams, from, limit + 1, PAGE_BYTES_MAX]);
  const fit = found.slice(0, limit).flatMap(({ event_id, body }) => (body === null ? [] : [{ event_id, body }]));
  const last = fit.length < found.length ? fit.at(-1) : undefined;
  return { events: fit.map(({ event_id, body }) => decodeBody(body, `event ${event_id}`)), next: last?.event_id };
}

/** '.' follows '-' in byte order, so the two bounds hold the capture streams of this backup and of no other. */
const OF_BACKUP = `(e.stream = $1 OR (e.stream >= $2 AND e.stream < $3))`;

/** What does not fit on the page comes without its body: a thousand large ones would not fit into memory. */
export const EVENTS = `
SELECT event_id, CASE WHEN n = 1 OR bytes <= $6 THEN body END AS body FROM (
  SELECT e.event_id, e.body, l.position, row_number() OVER place AS n, sum(length(e.body)) OVER place AS bytes
    FROM events e JOIN event_log l ON l.event_id = e.event_id WHERE ${OF_BACKUP} AND l.position > $4
  WINDOW place AS (ORDER BY l.position) ORDER BY l.position LIMIT $5) page
 ORDER BY position`;

async function positionIn(on: Queryable, streams: readonly string[], eventId: string): Promise<string> {
  const sql = `SELECT l.position FROM events e JOIN event_log l ON l.event_id = e.event_id WHERE ${OF_BACKUP} AND e.event_id = $4`;
  const [found] = await rows<{ position: string }>(on, sql, [...streams, eventId]);
  if (found) return found.position;
  throw new HttpProblem(400, 'request.bad_cursor', 'The cursor is not an event of this backup. Start again without one.');
}
