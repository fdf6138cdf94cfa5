import { randomUUID } from 'node:crypto';
import { uuidv7 } from '@dr/config';
import { EventStore, migrate, rows } from '@dr/event-store';
import { percentile } from './percentile.ts';
import { type BenchServers, openPools } from './servers.ts';

export interface AppendFigures {
  readonly events_per_second: number;
  readonly p99_ms: number;
}

const WRITERS = 16;

/** Sixteen writers on streams of their own, one event per append, each waiting for its answer: what is acknowledged has been flushed to the disk. */
export async function measureAppends(servers: BenchServers, eventsPerWriter: number): Promise<AppendFigures> {
  const urls = await servers.newDatabase();
  await using pools = await openPools(urls, WRITERS);
  await migrate(pools.owner);
  const store = new EventStore(pools.app, { now: () => performance.timeOrigin + performance.now(), newEventId: () => uuidv7(Date.now()) });
  const tookMs: number[] = [];
  const begin = performance.now();
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => write(store, w, eventsPerWriter, tookMs)));
  const seconds = (performance.now() - begin) / 1000;
  const [stored] = await rows<{ n: number }>(pools.app, 'SELECT count(*)::int AS n FROM unsealed');
  if (stored!.n !== WRITERS * eventsPerWriter) throw new Error(`${stored!.n} events are there, ${WRITERS * eventsPerWriter} were appended`);
  return { events_per_second: tookMs.length / seconds, p99_ms: percentile(tookMs, 99) };
}

const meta = { tenant: 'acme', requestId: 'bench', actor: 'bench' };

async function write(store: EventStore, writer: number, count: number, tookMs: number[]): Promise<void> {
  for (let i = 0; i < count; i++) {
    const backupId = `bench_${writer}_${Math.floor(i / 6)}`;
    const begin = performance.now();
    const event = i % 6 === 0 ? { type: 'BackupStarted', data: {} } : { type: 'BackupCancelRequested', data: { by: 'key_1' } };
    await store.append(`backup-${backupId}`, i % 6, [event], { commandId: randomUUID(), meta });
    tookMs.push(performance.now() - begin);
  }
}
