import { connectBus } from './bus.ts';
import { BusRefused, BusUnavailable } from './errors.ts';
import { testAccount } from './testing/test-bus.ts';

test('a wrong password is told at once, without the password', async () => {
  const { url, user } = await testAccount();
  const refused = connectBus({ url, user, pass: 'guess-me', service: 'gateway' });
  await expect(refused).rejects.toThrow(BusRefused);
  await expect(refused).rejects.toThrow(/user and password of gateway.*DR_NATS_PASSWORD_FILE/);
  await expect(refused).rejects.not.toThrow(/guess-me/);
});

test('no server within the time is told with its address, without what stands before the @', async () => {
  const failed = connectBus({ url: 'nats://u:sesame@127.0.0.1:1', service: 'gateway', waitMs: 500 });
  await expect(failed).rejects.toThrow(BusUnavailable);
  await expect(failed).rejects.toThrow('No NATS server answered at nats://127.0.0.1:1 within 1 s');
});

test('user and password may stand in the URL', async () => {
  const { url, user, pass } = await testAccount();
  const bus = await connectBus({ url: url.replace('//', `//${user}:${pass}@`), service: 'gateway' });
  expect(bus.health()).toEqual({ ok: true, problems: [] });
  await bus.close();
  await bus.close();
});

test('a problem is told until it is over', async () => {
  const account = await testAccount();
  const bus = await account.connect();
  bus.report('part', 'is broken');
  expect(bus.health()).toEqual({ ok: false, problems: ['is broken'] });
  bus.report('part', undefined);
  expect(bus.health().ok).toBe(true);
  await bus.connection.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(bus.health().problems).toEqual(['the connection to NATS was closed for good']);
});
