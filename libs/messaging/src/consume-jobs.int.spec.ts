import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from './bus.ts';
import { type ConsumeOptions, consumeJobs, type JobMessage, retryDelay } from './consume-jobs.ts';
import { quickBus, recordingLog, testAccount, until } from './testing/test-bus.ts';
import { DEAD, JOBS } from './topology.ts';

let account: Awaited<ReturnType<typeof testAccount>>;
beforeEach(async () => {
  account = await testAccount();
});
afterEach(() => account.close());

const publish = (bus: Bus, n = 1) => Promise.all(Array.from({ length: n }, (_, i) => bus.stream.publish('dr.jobs.capture', `job ${i}`)));
const pending = async (bus: Bus) => (await bus.manager.streams.info(JOBS)).state.messages;
const consume = (bus: Bus, handler: (message: JobMessage) => Promise<void>, more: Partial<ConsumeOptions> = {}) =>
  consumeJobs(bus, { durable: 'job-capture', kind: 'capture', slots: 1, prolongMs: 300, handler, ...more });

test('a handler that takes four times the ack wait gets its message once, and the queue is empty afterwards', async () => {
  const bus = await quickBus(account, 500);
  const deliveries: number[] = [];
  consume(
    bus,
    async (message) => {
      deliveries.push(message.deliveries);
      await pause(2_000);
    },
    { prolongMs: 150, slots: 2 },
  );
  await publish(bus);
  await until(async () => (await pending(bus)) === 0);
  expect(deliveries).toEqual([1]);
});

test('two workers with slow handlers share six messages in six deliveries', async () => {
  const [one, two] = [await quickBus(account, 500), await account.connect()];
  const seen = new Map<Bus, string[]>([
    [one, []],
    [two, []],
  ]);
  for (const [bus, jobs] of seen) {
    consume(
      bus,
      async ({ data }) => {
        jobs.push(Buffer.from(data).toString());
        await pause(400);
      },
      { prolongMs: 150 },
    );
  }
  await publish(one, 6);
  await until(async () => (await pending(one)) === 0);
  const [a, b] = [...seen.values()];
  expect([...a!, ...b!].sort()).toEqual([0, 1, 2, 3, 4, 5].map((i) => `job ${i}`));
  expect(Math.min(a!.length, b!.length)).toBeGreaterThanOrEqual(2);
});

test('as many messages are in hand as there are slots', async () => {
  const bus = await quickBus(account, 2_000);
  let [now, most] = [0, 0];
  consume(
    bus,
    async () => {
      most = Math.max(most, ++now);
      await pause(200);
      now--;
    },
    { slots: 3 },
  );
  await publish(bus, 9);
  await until(async () => (await pending(bus)) === 0);
  expect(most).toBe(3);
});

test('a handler that stalled loses its message to another worker', async () => {
  const [one, two] = [await quickBus(account, 500), await account.connect()];
  const taken: string[] = [];
  const blocked = Promise.withResolvers<void>();
  consume(
    one,
    async (message) => {
      taken.push('one');
      message.stalled();
      await blocked.promise;
    },
    { prolongMs: 100 },
  );
  await publish(one);
  await until(() => taken.length === 1);
  setTimeout(blocked.resolve, 3_000).unref();
  consume(two, async ({ deliveries }) => void taken.push(`two, delivery ${deliveries}`));
  await until(() => taken.length === 2);
  expect(taken).toEqual(['one', 'two, delivery 2']);
});

test('a failed message comes again after a growing delay', async () => {
  const bus = await quickBus(account, 5_000);
  const times: number[] = [];
  consume(
    bus,
    async ({ deliveries }) => {
      times.push(performance.now());
      if (deliveries < 4) throw new Error('not yet');
    },
    { retryDelayMs: (deliveries) => 200 * deliveries },
  );
  await publish(bus);
  await until(async () => times.length === 4 && (await pending(bus)) === 0);
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  gaps.forEach((gap, i) => {
    expect(gap).toBeGreaterThan(200 * (i + 1) - 20);
    expect(gap).toBeLessThan(200 * (i + 1) + 500);
  });
});

test('the default delays grow to a quarter of an hour', () => {
  expect([1, 2, 3, 4, 5, 6, 100].map(retryDelay)).toEqual([1_000, 5_000, 30_000, 120_000, 900_000, 900_000, 900_000]);
});

test('a message that fails too often goes to DR_DEAD with its reason, and leaves the queue', async () => {
  const { log, lines } = recordingLog();
  const bus = await quickBus(account, 2_000, { log });
  let calls = 0;
  const handler = async () => {
    calls++;
    throw Object.assign(new Error('no such data set: ü'), { code: 'capture.unknown' });
  };
  consume(bus, handler, { deliveriesMax: 3, retryDelayMs: () => 20 });
  await publish(bus);
  await until(async () => (await pending(bus)) === 0);
  const dead = await bus.manager.streams.getMessage(DEAD, { seq: 1 });
  expect(calls).toBe(3);
  expect(dead?.subject).toBe('dr.dead.capture');
  expect(dead?.string()).toBe('job 0');
  const header = (name: string) => dead?.header.get(name);
  expect([header('dr-code'), header('dr-subject'), header('dr-deliveries')]).toEqual(['capture.unknown', 'dr.jobs.capture', '3']);
  expect(decodeURIComponent(header('dr-error') ?? '')).toBe('no such data set: ü');
  expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'warn: job message failed, comes again',
    'warn: job message failed, comes again',
    'error: job message failed too often, moved to DR_DEAD',
  ]);
});

test('a message that cannot be buried stays in the queue', async () => {
  const bus = await quickBus(account, 2_000);
  await bus.manager.streams.delete(DEAD);
  let calls = 0;
  const handler = async () => {
    calls++;
    throw new Error('never');
  };
  consume(bus, handler, { deliveriesMax: 1, retryDelayMs: () => 20 });
  await publish(bus);
  await until(() => calls >= 2);
  expect(await pending(bus)).toBe(1);
});

test('a message acknowledged early is gone although its handler goes on, keeps the slot and fails', async () => {
  const { log, lines } = recordingLog();
  const bus = await quickBus(account, 400, { log });
  const seen: string[] = [];
  consume(bus, async (message) => {
    seen.push(`start ${message.deliveries}`);
    await message.ack();
    seen.push(`${await pending(bus)} left`);
    await pause(900);
    seen.push('end');
    throw new Error('after the ack');
  });
  await publish(bus, 2);
  await until(() => seen.length === 6);
  expect(seen).toEqual(['start 1', '1 left', 'end', 'start 1', '0 left', 'end']);
  await until(() => lines.filter(({ message }) => message === 'job failed after its message was acknowledged').length === 2);
});

describe('stopping', () => {
  test('waits for the handler, acknowledges its message, and takes no other', async () => {
    const bus = await quickBus(account, 1_000);
    const seen: string[] = [];
    const stop = consume(bus, async ({ data }) => {
      seen.push(Buffer.from(data).toString());
      await pause(600);
      seen.push('done');
    });
    await publish(bus, 3);
    await until(() => seen.length === 1);
    await stop();
    expect(seen).toEqual(['job 0', 'done']);
    expect(await pending(bus)).toBe(2);
  });

  test('closing the bus does the same, and no acknowledgement is lost', async () => {
    const bus = await quickBus(account, 1_000);
    const other = await account.connect();
    let [begun, done] = [0, 0];
    consume(
      bus,
      async () => {
        begun++;
        await pause(500);
        done++;
      },
      { slots: 2 },
    );
    await publish(bus, 2);
    await until(() => begun === 2);
    await bus.close();
    expect(done).toBe(2);
    expect(await pending(other)).toBe(0);
  });

  test('a handler that never ends is closed over after the time that was given', async () => {
    const { log, lines } = recordingLog();
    const bus = await quickBus(account, 1_000, { log, closeMs: 300 });
    const other = await account.connect();
    const handler = Promise.withResolvers<void>();
    consume(bus, () => handler.promise);
    await publish(bus);
    await pause(200);
    await bus.close();
    handler.resolve();
    expect(lines.at(-1)?.message).toBe('bus: closing although handlers are still at work');
    expect(await pending(other)).toBe(1);
  });

  test('an idle worker stops at once', async () => {
    const bus = await quickBus(account);
    const stop = consume(bus, async () => undefined, { slots: 4 });
    await pause(100);
    const from = performance.now();
    await Promise.all([stop(), stop()]);
    expect(performance.now() - from).toBeLessThan(500);
  });
});

test('a consumer deleted under a worker makes the bus unhealthy, and one that comes back makes it well', async () => {
  const bus = await quickBus(account);
  const seen: string[] = [];
  consume(bus, async ({ data }) => void seen.push(Buffer.from(data).toString()), { pullMs: 2_000 });
  await until(() => bus.health().ok);
  await pause(100);
  await bus.manager.consumers.delete(JOBS, 'job-capture');
  await until(() => !bus.health().ok);
  expect(bus.health().problems[0]).toMatch(/cannot take messages: .*consumer/i);
  await quickBus(account);
  await until(() => bus.health().ok);
  await publish(bus);
  await until(() => seen.length === 1);
});
