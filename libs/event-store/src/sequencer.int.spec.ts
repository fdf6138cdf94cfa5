import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Queryable, rows } from './database.ts';
import { logHead, positionOf, readLog } from './event-log.ts';
import { Sequencer } from './sequencer.ts';
import { as, event, type TestStore, testStore, unsealedCount, until } from './testing/test-store.ts';
import { verifyChain } from './verify-chain.ts';

let t: TestStore;
beforeEach(async () => {
  t = await testStore();
});
afterEach(() => t[Symbol.asyncDispose]());

async function fill(streams: number, each = 50): Promise<number> {
  const batch = Array.from({ length: each }, (_, n) => event(n));
  for (let i = 0; i < streams; i += 1) await t.store.append(`backup-${i}`, 0, batch, as());
  return streams * each;
}

/** Nothing lost, nothing twice, positions dense, chain unbroken. */
async function expectWholeLog(on: Queryable, count: number): Promise<void> {
  const sql =
    'SELECT count(*)::int AS n, count(DISTINCT event_id)::int AS ids, min(position)::int AS low, max(position)::int AS high FROM event_log';
  expect(await rows(on, sql)).toEqual([{ n: count, ids: count, low: 1, high: count }]);
  expect(await verifyChain(on)).toMatchObject({ ok: true, checked: count });
}

test('seals by polling alone, and at once when nudged', async () => {
  const sealed: number[] = [];
  const sequencer = new Sequencer({ database: t.app, pollMs: 60_000, onSealed: (head) => sealed.push(head) });
  sequencer.start();
  await until(() => sequencer.state.status === 'leader');
  const { events } = await t.store.append('backup-1', 0, [event()], as());
  expect(await positionOf(t.app, events[0]!.eventId)).toBeUndefined();
  await until(() => {
    sequencer.nudge();
    return sealed.length > 0;
  });
  expect(await positionOf(t.app, events[0]!.eventId)).toBe(1);
  expect(sequencer.state).toEqual({ status: 'leader', head: 1 });
  await sequencer.stop();

  const polling = new Sequencer({ database: t.app, pollMs: 20 });
  polling.start();
  await t.store.append('backup-1', 1, [event()], as());
  await until(async () => (await logHead(t.app)).position === 2);
  await polling.stop();
  expect(polling.state.status).toBe('stopped');
});

test('one leads, the other stands by and takes over', async () => {
  const [first, second] = [new Sequencer({ database: t.app, pollMs: 20 }), new Sequencer({ database: t.app, pollMs: 20 })];
  first.start();
  await until(() => first.state.status === 'leader');
  second.start();
  await until(() => second.state.status === 'follower');
  await first.stop();
  await until(() => second.state.status === 'leader');
  await t.store.append('backup-1', 0, [event()], as());
  await until(() => second.state.head === 1);
  await second.stop();
});

test('its connection killed in the middle of a batch: the batch is undone whole, and sealing goes on', async () => {
  const count = await fill(60, 200);
  const errors: unknown[] = [];
  const sequencer = new Sequencer({ database: t.app, pollMs: 20, batchMax: 6_000, onError: (error) => errors.push(error) });
  sequencer.start();
  // backend_xid is set once the batch has written: it dies after rows went into the log and before COMMIT.
  const kill = `SELECT pg_terminate_backend(pid) AS killed FROM pg_stat_activity
                 WHERE datname = current_database() AND query LIKE '%seal_events%' AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()`;
  await until(async () => (await rows<{ killed: boolean }>(t.superuser, kill)).length > 0, 'a batch to kill');
  await until(() => errors.length > 0, 'the failure to be seen');
  await until(async () => (await unsealedCount(t.app)) === 0, 'the rest to be sealed');
  await until(() => sequencer.state.status === 'leader');
  await sequencer.stop();
  await expectWholeLog(t.app, count);
});

const startChild = (url: string): ChildProcess =>
  spawn(
    process.execPath,
    ['--conditions=dr-source', '--no-warnings', fileURLToPath(new URL('./testing/sequencer-child.ts', import.meta.url)), url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    },
  );

test('kill -9 of a sequencer process, again and again: the next one goes on and nothing is lost or twice', async () => {
  const count = await fill(40, 100);
  for (let kills = 0; kills < 3; kills += 1) {
    const child = startChild(t.urls.appUrl);
    await Promise.race([once(child.stdout!, 'data'), once(child, 'exit')]);
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  const atKills = (await logHead(t.app)).position;
  expect(atKills).toBeGreaterThanOrEqual(300);
  expect(atKills).toBeLessThan(count);
  const sequencer = new Sequencer({ database: t.app, pollMs: 20 });
  sequencer.start();
  await until(() => sequencer.state.head === count, 'the rest to be sealed');
  await sequencer.stop();
  await expectWholeLog(t.app, count);
});

test('reading gives batches in order with what was stored', async () => {
  await fill(3, 5);
  const sequencer = new Sequencer({ database: t.app, pollMs: 20 });
  sequencer.start();
  await until(() => sequencer.state.head === 15);
  await sequencer.stop();
  const log = await readLog(t.app, 12, 2);
  expect(log.map((e) => [e.position, e.stream, e.version])).toEqual([
    [13, 'backup-2', 3],
    [14, 'backup-2', 4],
  ]);
  const [stored] = await t.store.read('backup-2', { fromVersion: 3 });
  expect(log[0]).toEqual({ ...stored, position: 13 });
  expect(await readLog(t.app, 15, 10)).toEqual([]);
});
