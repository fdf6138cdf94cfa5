import { newTrace, traceparentOf } from '@dr/telemetry';
import { headers } from '@nats-io/transport-node';
import { withTrace } from './cloud-events.ts';
import { buryMessage } from './dead-letters.ts';
import { quickBus, testAccount } from './testing/test-bus.ts';
import { DEAD, JOBS } from './topology.ts';

test('a message buried twice is stored once, as it was, with its trace and its reason cut to what a header holds', async () => {
  const account = await testAccount();
  const bus = await quickBus(account);
  const trace = newTrace();
  await bus.stream.publish('dr.jobs.capture', 'body', { headers: withTrace(headers(), trace), msgID: 'not-carried-over' });
  const message = await (await bus.stream.consumers.get(JOBS, 'job-capture')).next();
  for (let i = 0; i < 2; i++) await buryMessage(bus, { kind: 'capture', message: message!, error: new Error('ü'.repeat(5_000)) });
  expect((await bus.manager.streams.info(DEAD)).state.messages).toBe(1);
  const dead = await bus.manager.streams.getMessage(DEAD, { seq: 1 });
  expect([dead?.string(), dead?.header.get('traceparent'), dead?.header.get('dr-code')]).toEqual([
    'body',
    traceparentOf(trace),
    'internal',
  ]);
  expect(dead?.header.get('dr-error')).toHaveLength(2_000);
  expect(dead?.header.get('Nats-Msg-Id')).not.toBe('not-carried-over');
  await account.close();
});
