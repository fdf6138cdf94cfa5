import { AdvisoryLocks } from './advisory-lock.ts';
import { checkpoints, resetCheckpoint } from './checkpoint.ts';
import type { StoredEvent } from './event.ts';
import { Relay } from './relay.ts';
import { as, event, sealAll, type TestStore, testStore, until } from './testing/test-store.ts';

let t: TestStore;
beforeEach(async () => {
  t = await testStore();
  for (let n = 0; n < 10; n += 1) await t.store.append(`backup-${n}`, 0, [event(n)], as());
  await sealAll(t.app);
});
afterEach(() => t[Symbol.asyncDispose]());

/** A bus that keeps what it got, once per event id, and can be away. */
class Bus {
  readonly stored = new Map<string, StoredEvent>();
  deliveries = 0;
  away = false;
  publish = async (events: readonly StoredEvent[]) => {
    for (const [i, e] of events.entries()) {
      if (this.away && i === 2) throw new Error('no PubAck');
      this.deliveries += 1;
      if (!this.stored.has(e.eventId)) this.stored.set(e.eventId, e);
    }
  };
  positions = () => [...this.stored.values()].map((e) => e.position);
}

const start = (bus: Bus, options = {}): Relay => {
  const relay = new Relay({ database: t.app, publish: bus.publish, pollMs: 20, batchMax: 4, ...options });
  relay.start();
  return relay;
};
const all = Array.from({ length: 10 }, (_, i) => i + 1);

test('everything goes out in order, as it was stored, and only once while all is well', async () => {
  const bus = new Bus();
  const relay = start(bus);
  await until(() => relay.state.position === 10);
  expect(relay.state).toEqual({ status: 'running', position: 10 });
  await relay.stop();
  expect(bus.positions()).toEqual(all);
  expect(bus.deliveries).toBe(10);
  expect([...bus.stored.values()][3]).toEqual({ ...(await t.store.read('backup-3'))[0], position: 4 });
  const again = start(bus);
  await until(() => again.state.status === 'running');
  await again.stop();
  expect(bus.deliveries).toBe(10);
});

test('while the bus is away it waits, shows it, and repeats the whole batch; the id makes that harmless', async () => {
  const bus = new Bus();
  bus.away = true;
  const relay = start(bus);
  await until(() => relay.state.status === 'failing');
  expect(await checkpoints(t.app)).toMatchObject([{ name: 'relay', position: 0 }]);
  bus.away = false;
  await until(() => relay.state.position === 10);
  await relay.stop();
  expect(bus.positions()).toEqual(all);
  expect(bus.deliveries).toBeGreaterThan(10);
});

test('the bus can be filled again from any position', async () => {
  const relay = start(new Bus());
  await until(() => relay.state.position === 10);
  await relay.stop();
  await resetCheckpoint(t.app, { name: 'relay', version: 1 }, 6);
  const empty = new Bus();
  const again = start(empty);
  await until(() => again.state.position === 10);
  await again.stop();
  expect(empty.positions()).toEqual([7, 8, 9, 10]);
});

test('two relays take turns, and share a connection for their locks when told to', async () => {
  const locks = new AdvisoryLocks(t.app);
  const [bus, other] = [new Bus(), new Bus()];
  const first = start(bus, { locks });
  await until(() => first.state.position === 10);
  const second = start(other);
  const unrelated = start(other, { name: 'archive', locks });
  await until(() => second.state.status === 'follower' && unrelated.state.position === 10);
  await first.stop();
  await until(() => second.state.status === 'running');
  expect(unrelated.state.status).toBe('running');
  await Promise.all([second.stop(), unrelated.stop()]);
  await locks.close();
  expect(bus.deliveries).toBe(10);
});
