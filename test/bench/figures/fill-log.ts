import { createHash } from 'node:crypto';
import { uuidv7 } from '@dr/config';
import { encodeEvent, type RecordedEvent } from '@dr/domain';
import { encodeBody } from '@dr/event-store';
import type { DataSource } from 'typeorm';
import type { GeneratedEvent } from './life-cycles.ts';

const PAGE = 4_000;

interface Row {
  readonly recorded: RecordedEvent;
  readonly body: Buffer;
}

/**
 * Writes a log as if the house had: events, streams and sealed positions with the chain, by the owner in pages, since what is measured on it is
 * reading. The database holds no events yet. @returns the head
 */
export async function fillLog(owner: DataSource, log: Iterable<GeneratedEvent>): Promise<number> {
  let [head, hash] = [0, Buffer.alloc(32)];
  let page: Row[] = [];
  const flush = async () => {
    const hashes = page.map(({ body }) => (hash = createHash('sha256').update(hash).update(body).digest()));
    await writePage(owner, page, hashes, head);
    head += page.length;
    page = [];
  };
  for (const generated of log) {
    const recorded = recordedOf(generated);
    page.push({ recorded, body: encodeBody(recorded) });
    if (page.length === PAGE) await flush();
  }
  await flush();
  await owner.query('ANALYZE events; ANALYZE event_log; ANALYZE streams');
  return head;
}

/** As it would have been appended. */
export function recordedOf({ stream, version, at, tenant, event }: GeneratedEvent): RecordedEvent {
  const meta = { tenant, actor: 'key_1', requestId: `req_${stream.slice(-8)}`, commandId: `${event.type}-${stream}-${version}` };
  return { eventId: uuidv7(at.getTime()), stream, version, ...encodeEvent(event), meta, recordedAt: at.toISOString() };
}

async function writePage(owner: DataSource, page: readonly Row[], hashes: readonly Buffer[], head: number): Promise<void> {
  const of = <T>(field: (event: RecordedEvent) => T): T[] => page.map(({ recorded }) => field(recorded));
  const [streams, versions, ids] = [of((e) => e.stream), of((e) => e.version), of((e) => e.eventId)];
  await owner.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO events (stream, version, event_id, type, schema_version, body)
       SELECT * FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::text[], $5::int[], $6::bytea[])`,
      [streams, versions, ids, of((e) => e.type), of((e) => e.schemaVersion), page.map(({ body }) => body)],
    );
    await tx.query(
      'INSERT INTO event_log (position, event_id, hash) SELECT $1 + n.ord, n.id, n.hash FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS n (id, hash, ord)',
      [head, ids, hashes],
    );
    await tx.query(
      `INSERT INTO streams AS s (stream, version) SELECT stream, max(version) FROM unnest($1::text[], $2::bigint[]) AS w (stream, version) GROUP BY stream
       ON CONFLICT (stream) DO UPDATE SET version = excluded.version`,
      [streams, versions],
    );
  });
}
