/** Pages of the log end by count or by bytes, whichever comes first. */
import { readLog, readLogPage } from './event-log.ts';
import { Processor } from './processor.ts';
import { as, event, plainCodec, sealAll, type TestStore, testStore, until } from './testing/test-store.ts';

const LARGE = 'x'.repeat(900_000);

let t: TestStore;
beforeAll(async () => {
  t = await testStore();
  for (let n = 0; n < 6; n++) await t.store.append(`backup-${n}`, 0, [event(n % 2 === 0 ? LARGE : n)], as());
  await sealAll(t.app);
});
afterAll(() => t[Symbol.asyncDispose]());

const positions = (events: readonly { position: number }[]) => events.map(({ position }) => position);

test('a page ends before it passes its bytes by more than one event, and says that there is more', async () => {
  const first = await readLogPage(t.app, 0, 100, 1_000_000);
  expect([positions(first.events), first.more]).toEqual([[1, 2, 3], true]);
  const rest = await readLogPage(t.app, 3, 100, 1_000_000);
  expect([positions(rest.events), rest.more]).toEqual([[4, 5, 6], false]);
});

test('one event is read however large it is', async () => {
  const page = await readLogPage(t.app, 2, 100, 1);
  expect([positions(page.events), page.more]).toEqual([[3], true]);
});

test('a page that is full by count says that there may be more; behind the head there is nothing', async () => {
  expect(await readLogPage(t.app, 0, 2)).toMatchObject({ more: true });
  expect(await readLogPage(t.app, 0, 7)).toMatchObject({ more: false });
  expect(await readLogPage(t.app, 6, 7)).toEqual({ events: [], more: false });
  expect(positions(await readLog(t.app, 0, 100))).toEqual([1, 2, 3, 4, 5, 6]);
});

test('by default a page has some megabytes at most', async () => {
  const streams = Array.from({ length: 14 }, (_, n) => `backup-large-${n}`);
  for (const stream of streams) await t.store.append(stream, 0, [event(LARGE)], as());
  await sealAll(t.app);
  const { events, more } = await readLogPage(t.app, 6, 100);
  expect(events.length).toBe(9);
  expect(more).toBe(true);
});

test('a processor goes through pages that end by bytes without a pause, and is at the end only at the end', async () => {
  const batches: number[][] = [];
  const live: number[] = [];
  const processor = new Processor({
    ...{ database: t.app, name: 'pages', version: 2, codec: plainCodec, pollMs: 60_000, batchMax: 100 },
    handle: async (_, events) => {
      batches.push(positions(events));
      return undefined;
    },
    onLive: () => live.push(batches.flat().length),
  });
  await t.app.query(`INSERT INTO live_projections (name, version) VALUES ('pages', 1)`);
  processor.start();
  await until(() => processor.state.position === 20, 'the head, without a poll');
  await until(() => live.length > 0);
  await processor.stop();
  expect(batches.flat()).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  expect(batches.length).toBeGreaterThan(1);
  expect(live).toEqual([20]);
});
