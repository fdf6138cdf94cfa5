import { integer, type Queryable, rows } from './database.ts';
import { LogOutOfOrder } from './errors.ts';
import type { LoggedEvent } from './event.ts';

export const PREDECESSORS = `
SELECT w.stream, l.position
  FROM unnest($1::text[], $2::bigint[]) AS w (stream, version)
  JOIN events e ON e.stream = w.stream AND e.version = w.version
  JOIN event_log l ON l.event_id = e.event_id`;

/**
 * Checks that each event's version is the one its stream has to go on with: inside the batch by counting, for the first event of a
 * stream by looking up where its predecessor lies. Together with dense positions this proves that a reader saw every version in order.
 * @throws LogOutOfOrder naming the first event that came too early
 */
export async function checkStreamOrder(on: Queryable, events: readonly LoggedEvent[]): Promise<void> {
  const seen = new Map<string, number>();
  const firsts: LoggedEvent[] = [];
  for (const event of events) {
    const last = seen.get(event.stream);
    if (last !== undefined && event.version !== last + 1) throw outOfOrder(event, last);
    if (last === undefined && event.version > 1) firsts.push(event);
    seen.set(event.stream, event.version);
  }
  if (firsts.length > 0) await checkPredecessors(on, firsts);
}

async function checkPredecessors(on: Queryable, firsts: readonly LoggedEvent[]): Promise<void> {
  const wanted = [firsts.map((e) => e.stream), firsts.map((e) => e.version - 1)];
  const found = await rows<{ stream: string; position: string }>(on, PREDECESSORS, wanted);
  const positions = new Map(found.map((row) => [row.stream, integer(row.position)]));
  for (const event of firsts) {
    const before = positions.get(event.stream);
    if (before === undefined || before >= event.position) throw outOfOrder(event, undefined);
  }
}

function outOfOrder({ stream, version, position }: LoggedEvent, seen: number | undefined): LogOutOfOrder {
  const found = seen === undefined ? 'which is not in the log before it' : `but ${seen} was seen last`;
  return new LogOutOfOrder(`Reading position ${position}: ${stream} version ${version} must follow version ${version - 1}, ${found}.`, {
    stream,
    version,
    position,
  });
}
