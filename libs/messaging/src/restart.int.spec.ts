import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, connectBus } from './bus.ts';
import { consumeJobs } from './consume-jobs.ts';
import { ensureTopology } from './ensure-topology.ts';
import { natsTriggers } from './nats-triggers.ts';
import { nudge, onNudge } from './nudges.ts';
import { publishEvents } from './publish-events.ts';
import { answer, query } from './queries.ts';
import { anEvent } from './testing/an-event.ts';
import { type OwnServer, ownServer } from './testing/own-server.ts';
import { quickTopology, until } from './testing/test-bus.ts';
import { EVENTS } from './topology.ts';

let server: OwnServer;
let bus: Bus;
beforeEach(async () => {
  server = await ownServer();
  bus = await connectBus({ url: server.url, service: 'tester' });
  await ensureTopology(bus, quickTopology(1_000));
});
afterEach(async () => {
  await bus.connection.close();
  await bus.close();
  await server.end();
});

async function away(ms: number, signal: NodeJS.Signals): Promise<void> {
  await server.end(signal);
  await until(() => !bus.health().ok);
  await pause(ms);
  await server.start();
  await until(() => bus.health().ok, 15_000);
}

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'workers, answers and nudges go on by themselves after the server was ended by %s',
  async (signal) => {
    const jobs: string[] = [];
    let nudged = 0;
    consumeJobs(bus, {
      durable: 'job-capture',
      kind: 'capture',
      slots: 2,
      prolongMs: 300,
      pullMs: 2_000,
      handler: async ({ data }) => void jobs.push(Buffer.from(data).toString()),
    });
    answer(bus, 'dr.query.tester.echo', (body) => body);
    onNudge(bus, 'dr.nudge.log', () => nudged++);
    await bus.stream.publish('dr.jobs.capture', 'before');
    await until(() => jobs.length === 1);
    await away(500, signal);
    expect(await query(bus, 'dr.query.tester.echo', { n: 1 })).toEqual({ n: 1 });
    nudge(bus, 'dr.nudge.log');
    await bus.stream.publish('dr.jobs.capture', 'after');
    await until(() => jobs.includes('after') && nudged === 1, 15_000);
  },
);

test('a handler that was at work while the server was away keeps its message or sees it again, and it leaves the queue', async () => {
  const seen: number[] = [];
  consumeJobs(bus, {
    durable: 'job-capture',
    kind: 'capture',
    slots: 1,
    prolongMs: 300,
    pullMs: 2_000,
    handler: async ({ deliveries }) => {
      seen.push(deliveries);
      await pause(deliveries === 1 ? 3_000 : 0);
    },
  });
  await bus.stream.publish('dr.jobs.capture', 'x');
  await until(() => seen.length === 1);
  await away(1_500, 'SIGKILL');
  await until(async () => (await bus.manager.streams.info('DR_JOBS')).state.messages === 0, 15_000);
});

test('publishing while the server is away fails, and the same batch afterwards is stored once and in order', async () => {
  const events = Array.from({ length: 20 }, (_, i) => anEvent(i + 1));
  await publishEvents(bus, events.slice(0, 5));
  await server.end();
  await until(() => !bus.health().ok);
  const publishing = publishEvents(bus, events);
  await server.start();
  await publishing.catch(() => publishEvents(bus, events));
  await publishEvents(bus, events);
  const { state } = await bus.manager.streams.info(EVENTS);
  const ids = await Promise.all(
    Array.from({ length: state.messages }, (_, i) => bus.manager.streams.getMessage(EVENTS, { seq: state.first_seq + i })),
  );
  expect(ids.map((message) => message!.header.get('ce-id'))).toEqual(events.map(({ eventId }) => eventId));
});

test('a trigger while the server is away is told as a failure, for the row is found by polling', async () => {
  await server.end();
  await until(() => !bus.health().ok);
  const from = performance.now();
  await expect(natsTriggers(bus).publishTrigger('capture', 'j1')).rejects.toMatchObject({ code: 'bus.publish_failed' });
  expect(performance.now() - from).toBeLessThan(20_000);
  expect(bus.health().problems).toEqual([expect.stringContaining('not connected to NATS')]);
});

test('closing while the server is away ends, too', async () => {
  consumeJobs(bus, { durable: 'job-capture', kind: 'capture', slots: 2, handler: async () => undefined });
  answer(bus, 'dr.query.tester.echo', (body) => body);
  await pause(200);
  await server.end();
  await until(() => !bus.health().ok);
  const from = performance.now();
  await bus.close();
  expect(performance.now() - from).toBeLessThan(6_000);
});
