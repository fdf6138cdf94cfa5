import { currentTrace, inContext, newTrace } from '@dr/telemetry';
import type { Bus } from './bus.ts';
import { BadMessage } from './errors.ts';
import { natsTriggers } from './nats-triggers.ts';
import { quickBus, testAccount, until } from './testing/test-bus.ts';
import { DEAD, JOBS } from './topology.ts';

let account: Awaited<ReturnType<typeof testAccount>>;
let bus: Bus;
beforeEach(async () => {
  account = await testAccount();
  bus = await quickBus(account, 500);
});
afterEach(() => account.close());

const left = async (stream = JOBS) => (await bus.manager.streams.info(stream)).state.messages;

test('a trigger reaches a worker of its kind with its trace, and no other kind', async () => {
  const triggers = natsTriggers(bus);
  const heard: unknown[] = [];
  triggers.onTrigger('capture', (jobId) => heard.push([jobId, currentTrace()?.traceId]));
  triggers.onTrigger('restore', () => heard.push('wrong kind'));
  const trace = newTrace();
  await inContext({ trace }, () => triggers.publishTrigger('capture', 'job-1'));
  await until(async () => (await left()) === 0);
  expect(heard).toEqual([['job-1', trace.traceId]]);
});

test('the same job can be triggered again at once, for its lease may have run out', async () => {
  const triggers = natsTriggers(bus);
  const heard: string[] = [];
  triggers.onTrigger('capture', async (jobId) => void heard.push(jobId));
  await triggers.publishTrigger('capture', 'j');
  await triggers.publishTrigger('capture', 'j');
  await until(() => heard.length === 2);
});

test('acknowledged when the claim is decided, while the slot takes no other before `until`', async () => {
  const triggers = natsTriggers(bus);
  const job = Promise.withResolvers<void>();
  const heard: string[] = [];
  triggers.onTrigger('capture', (jobId) => {
    heard.push(jobId);
    return { until: jobId === 'long' ? job.promise : undefined };
  });
  await triggers.publishTrigger('capture', 'long');
  await until(async () => (await left()) === 0);
  await triggers.publishTrigger('capture', 'next');
  await new Promise((resolve) => setTimeout(resolve, 800));
  expect([heard, await left()]).toEqual([['long'], 1]);
  job.reject(new Error('a failed job frees its slot, too'));
  await until(() => heard.length === 2);
});

test('when the claim cannot be decided the trigger comes again', async () => {
  const triggers = natsTriggers(bus, { retryDelayMs: () => 50 });
  let calls = 0;
  triggers.onTrigger('capture', async () => {
    if (++calls < 3) throw new Error('database away');
  });
  await triggers.publishTrigger('capture', 'j');
  await until(async () => calls === 3 && (await left()) === 0);
});

test.each(['', '{}', '{"jobId":7}', 'null', 'not json'])('a message that is no trigger (%s) ends in DR_DEAD', async (body) => {
  const triggers = natsTriggers(bus, { retryDelayMs: () => 10, deliveriesMax: 2 });
  triggers.onTrigger('capture', () => {
    throw new Error('must not be called');
  });
  await bus.stream.publish('dr.jobs.capture', body);
  await until(async () => (await left()) === 0 && (await left(DEAD)) === 1);
  expect((await bus.manager.streams.getMessage(DEAD, { seq: 1 }))?.header.get('dr-code')).toBe('bus.bad_message');
});

test('a kind that cannot be part of a subject is refused', () => {
  expect(() => natsTriggers(bus).onTrigger('a.b', () => undefined)).toThrow(BadMessage);
});
