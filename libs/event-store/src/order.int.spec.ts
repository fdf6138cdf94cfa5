import { randomUUID } from 'node:crypto';
import { integer, openDatabase, type Queryable, rows } from './database.ts';
import { readLog } from './event-log.ts';
import { seal } from './sequencer.ts';
import { as, event, logOrder, sealAll, type TestStore, testStore, unsealedCount } from './testing/test-store.ts';

let t: TestStore;
beforeEach(async () => {
  t = await testStore();
});
afterEach(() => t[Symbol.asyncDispose]());

/** What many stores began with: remember the highest number seen and ask for higher ones. */
class NaiveReader {
  private last = 0;
  readonly seen: string[] = [];

  async read(on: Queryable): Promise<void> {
    const sql = 'SELECT stream, position FROM unsealed WHERE position > $1 ORDER BY position';
    for (const row of await rows<{ stream: string; position: string }>(on, sql, [this.last])) {
      this.seen.push(row.stream);
      this.last = integer(row.position);
    }
  }
}

test('a slow transaction takes a number, a fast one commits the next: the naive reader loses the slow event, the log does not', async () => {
  const naive = new NaiveReader();
  const slow = t.app.createQueryRunner();
  await slow.startTransaction();
  await t.store.append('backup-slow', 0, [event()], as(randomUUID(), slow));
  await t.store.append('backup-fast', 0, [event()], as());

  await naive.read(t.app);
  expect(await seal(t.app, 500)).toMatchObject({ sealed: 0 });
  await slow.commitTransaction();
  await slow.release();
  await naive.read(t.app);
  await sealAll(t.app);

  expect(naive.seen).toEqual(['backup-fast']);
  expect((await readLog(t.app, 0, 10)).map((e) => e.stream)).toEqual(['backup-slow', 'backup-fast']);
});

test('a rolled back append leaves a hole in the numbers and none in the log', async () => {
  await t.store.append('backup-1', 0, [event()], as());
  await t.app
    .transaction(async (tx) => {
      await t.store.append('backup-2', 0, [event(), event()], as(randomUUID(), tx));
      throw new Error('undo');
    })
    .catch(() => undefined);
  await t.store.append('backup-3', 0, [event()], as());
  expect(await sealAll(t.app)).toBe(2);
  expect((await readLog(t.app, 0, 10)).map((e) => [e.position, e.stream])).toEqual([
    [1, 'backup-1'],
    [2, 'backup-3'],
  ]);
});

test('an open read-only transaction stalls nothing; an open write transaction in another database does', async () => {
  const [reader, writer] = [t.app.createQueryRunner(), await testStore()];
  await reader.startTransaction('REPEATABLE READ');
  await reader.query('SELECT count(*) FROM events');
  await t.store.append('backup-1', 0, [event()], as());
  expect(await sealAll(t.app)).toBe(1);
  await reader.rollbackTransaction();
  await reader.release();

  const open = writer.owner.createQueryRunner();
  await open.startTransaction();
  await open.query('SELECT pg_current_xact_id()');
  await t.store.append('backup-2', 0, [event()], as());
  expect(await seal(t.app, 500)).toMatchObject({ sealed: 0 });
  await open.commitTransaction();
  await open.release();
  await writer[Symbol.asyncDispose]();
  expect(await sealAll(t.app)).toBe(2);
});

test('a transaction that took its id long before it appends keeps the order of the stream', async () => {
  const early = t.app.createQueryRunner();
  await early.startTransaction();
  await early.query('SELECT pg_current_xact_id()');
  await t.store.append('backup-1', 0, [event('first')], as());
  await t.store.append('backup-1', 1, [event('second')], as(randomUUID(), early));
  await early.commitTransaction();
  await early.release();
  await sealAll(t.app);
  expect(await logOrder(t.app)).toEqual(['backup-1@1', 'backup-1@2']);
});

describe('transaction ids at a digit boundary', () => {
  const place = (stream: string, txid: number) =>
    t.superuser.query('UPDATE unsealed SET txid = $2::text::xid8 WHERE stream = $1', [stream, txid]);

  beforeEach(async () => {
    for (const stream of ['backup-a', 'backup-b', 'backup-c']) await t.store.append(stream, 0, [event()], as());
    await place('backup-a', 99);
    await place('backup-b', 100);
    await place('backup-c', 101);
  });

  test('ordering by a text alias puts 100 before 99', async () => {
    const trap = await rows<{ stream: string }>(t.app, 'SELECT u.txid::text AS txid, u.stream FROM unsealed u ORDER BY txid, position');
    expect(trap.map((r) => r.stream)).toEqual(['backup-b', 'backup-c', 'backup-a']);
  });

  test('the sequencer keeps 99 before 100, also when a batch ends between them', async () => {
    while ((await unsealedCount(t.app)) > 0) await seal(t.app, 1);
    expect(await logOrder(t.app)).toEqual(['backup-a@1', 'backup-b@1', 'backup-c@1']);
  });
});

test('two sequencers at once write one dense chain', async () => {
  for (let i = 0; i < 40; i += 1) await t.store.append(`backup-${i}`, 0, [event(), event(), event()], as());
  const other = await openDatabase({ url: t.urls.appUrl, applicationName: 'second' });
  while ((await unsealedCount(t.app)) > 0) await Promise.all([seal(t.app, 7), seal(other, 5), seal(t.app, 3)]);
  await other.destroy();
  const log = await readLog(t.app, 0, 1_000);
  expect(log.map((e) => e.position)).toEqual(Array.from({ length: 120 }, (_, i) => i + 1));
  expect(new Set(log.map((e) => e.eventId)).size).toBe(120);
});
