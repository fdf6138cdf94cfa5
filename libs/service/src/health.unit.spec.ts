import { ServiceHealth } from './health.ts';
import type { House } from './house.ts';

/** As much of a house as health looks at. */
function healthOf({ query = async (): Promise<unknown> => [{ one: 1 }], problems = [] as string[] } = {}): ServiceHealth {
  return new ServiceHealth({ service: 'catalog', database: { query }, bus: { health: () => ({ problems }) } } as unknown as House);
}

test('a service without problems is ready', async () => {
  const health = healthOf();
  health.register('relay', () => undefined);
  expect(await health.report()).toEqual({ service: 'catalog', ok: true, problems: [] });
});

test('database, bus and parts are told together, each part by its name', async () => {
  const health = healthOf({ query: () => Promise.reject(new Error('connection refused')), problems: ['bus: no connection'] });
  health.register('relay', async () => 'behind');
  health.register('sequencer', () => undefined);
  const { ok, problems } = await health.report();
  expect(ok).toBe(false);
  expect(problems).toEqual(['database: connection refused', 'bus: no connection', 'relay: behind']);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('odd');
    },
  ],
  ['rejects', () => Promise.reject(new Error('odd'))],
])('a check that %s is a problem, not an error', async (_, check) => {
  const health = healthOf();
  health.register('relay', check);
  expect(await health.report()).toMatchObject({ ok: false, problems: ['relay: odd'] });
});

test('a part registered again is asked once', async () => {
  const health = healthOf();
  health.register('relay', () => 'before');
  health.register('relay', () => 'after');
  expect((await health.report()).problems).toEqual(['relay: after']);
});
