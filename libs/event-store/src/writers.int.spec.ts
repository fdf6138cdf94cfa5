import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { rows } from './database.ts';
import { VersionConflict } from './errors.ts';
import { as, event, logOrder, sealAll, type TestStore, testStore } from './testing/test-store.ts';

const WRITERS = 24;
const PER_WRITER = 25;

/** Appends at whatever version the stream has, reading it from each conflict, as a retried command does. */
async function appendAnyhow(t: TestStore, stream: string, n: string, conflicts: { count: number }): Promise<void> {
  const command = randomUUID();
  for (let version = 0; ; ) {
    try {
      await t.store.append(stream, version, [event(n)], as(command));
      return;
    } catch (error) {
      if (!(error instanceof VersionConflict)) throw error;
      conflicts.count += 1;
      version = error.actual;
    }
  }
}

test(`${WRITERS} writers on one stream lose and double nothing`, async () => {
  await using t = await testStore();
  const conflicts = { count: 0 };
  const writer = async (w: number) => {
    for (let i = 0; i < PER_WRITER; i += 1) await appendAnyhow(t, 'backup-hot', `${w}/${i}`, conflicts);
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)));

  const events = await t.store.read('backup-hot');
  expect(events.map((e) => e.version)).toEqual(Array.from({ length: WRITERS * PER_WRITER }, (_, i) => i + 1));
  expect(new Set(events.map((e) => (e.data as unknown as { n: string }).n)).size).toBe(WRITERS * PER_WRITER);
  expect(conflicts.count).toBeGreaterThan(0);
  await sealAll(t.app);
  expect(await logOrder(t.app)).toEqual(events.map((e) => `backup-hot@${e.version}`));
});

test('16 writers on streams of their own: throughput', async () => {
  await using t = await testStore();
  const [writers, each] = [16, 120];
  const start = performance.now();
  const writer = async (w: number) => {
    for (let i = 0; i < each; i += 1) await t.store.append(`backup-${w}`, i, [event(i)], as());
  };
  await Promise.all(Array.from({ length: writers }, (_, w) => writer(w)));
  const seconds = (performance.now() - start) / 1000;
  const sealing = performance.now();
  expect(await sealAll(t.app)).toBe(writers * each);
  const sealSeconds = (performance.now() - sealing) / 1000;
  const [size] = await rows<{ n: number }>(t.app, 'SELECT count(*)::int AS n FROM events');
  expect(size!.n).toBe(writers * each);
  const figures = `${Math.round((writers * each) / seconds)} appends/s with 16 writers, ${Math.round((writers * each) / sealSeconds)} sealed/s`;
  process.stdout.write(`event store: ${figures} (test server without fsync)\n`);
  expect(seconds).toBeLessThan(20);
});
