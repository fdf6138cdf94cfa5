import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, uuidv7 } from '@dr/config';
import { EventStore, migrate, Relay, Sequencer } from '@dr/event-store';
import { type Bus, connectBus, EVENTS, ensureTopology, NUDGE, nudge, onNudge, publishEvents } from '@dr/messaging';
import type { DataSource } from 'typeorm';
import { percentile } from './percentile.ts';
import { type BenchServers, openPools } from './servers.ts';

export interface RelayFigures {
  /** As it came out: less than was wanted when the writers could not keep up. */
  readonly events_per_second: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface RelayLoad {
  readonly seconds: number;
  readonly perSecond: number;
}

const TICK_MS = 10;

/**
 * Writers append so many events a second, evenly, whether or not earlier ones have arrived; the sequencer and the relay of the catalog do their
 * work in the same process; a subscriber of the stream notes when each event comes. Lag: from the append's acknowledgement to the subscriber.
 */
export async function measureRelayLag(servers: BenchServers, load: RelayLoad): Promise<RelayFigures> {
  const urls = await servers.newDatabase();
  await using pools = await openPools(urls, 16);
  await migrate(pools.owner);
  const bus = await connectBus({ ...(await servers.newBus()), service: 'catalog' });
  try {
    await ensureTopology(bus);
    const stop = keepLog(pools.app, bus);
    const arrived = await arrivals(bus);
    const lags = await append(pools.app, bus, { ...load, arrived }).finally(stop);
    return lags;
  } finally {
    await bus.close();
  }
}

interface Load extends RelayLoad {
  readonly arrived: ReadonlyMap<string, number>;
}

/** As KeepLog of the catalog. */
function keepLog(database: DataSource, bus: Bus): () => Promise<void> {
  const relay = new Relay({ database, publish: (events) => publishEvents(bus, events) });
  const sequencer = new Sequencer({ database, onSealed: () => relay.nudge() });
  const stopNudges = onNudge(bus, NUDGE.sequencer, () => sequencer.nudge());
  sequencer.start();
  relay.start();
  return async () => {
    await stopNudges();
    await sequencer.stop();
    await relay.stop();
  };
}

/** When each event came to a subscriber, by event id. */
async function arrivals(bus: Bus): Promise<Map<string, number>> {
  const arrived = new Map<string, number>();
  const consumer = await bus.stream.consumers.get(EVENTS);
  await consumer.consume({ callback: (message) => void arrived.set(message.headers?.get('ce-id') ?? '', performance.now()) });
  return arrived;
}

async function append(database: DataSource, bus: Bus, { seconds, perSecond, arrived }: Load): Promise<RelayFigures> {
  const store = new EventStore(database, { now: systemClock, newEventId: () => uuidv7(systemClock()) });
  const acknowledged = new Map<string, number>();
  const one = async (n: number) => {
    const meta = { tenant: 'acme', requestId: 'bench', actor: 'bench' };
    const event = { type: 'BackupCancelRequested', data: { by: 'key_1' } };
    const { events } = await store.append(`backup-lag_${n}`, 0, [event], { commandId: randomUUID(), meta });
    acknowledged.set(events[0]!.eventId, performance.now());
    nudge(bus, NUDGE.sequencer);
  };
  const total = Math.round(seconds * perSecond);
  const writing: Promise<void>[] = [];
  const begin = performance.now();
  for (let ticks = 1; writing.length < total; ticks++) {
    const due = Math.min(total, Math.floor(((performance.now() - begin) / 1000) * perSecond));
    while (writing.length < due) writing.push(one(writing.length));
    await pause(Math.max(0, begin + ticks * TICK_MS - performance.now()));
  }
  await Promise.all(writing);
  const tookSeconds = (performance.now() - begin) / 1000;
  for (let waited = 0; arrived.size < total && waited < 30_000; waited += 20) await pause(20);
  const lags = [...acknowledged].map(([id, at]) => (arrived.get(id) ?? Number.POSITIVE_INFINITY) - at);
  return { events_per_second: total / tookSeconds, p50_ms: percentile(lags, 50), p99_ms: percentile(lags, 99) };
}
