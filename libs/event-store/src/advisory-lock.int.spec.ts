import { AdvisoryLocks } from './advisory-lock.ts';
import { type TestStore, testStore, until } from './testing/test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await testStore();
});
afterAll(() => t[Symbol.asyncDispose]());

test('one holder per name; names do not disturb each other', async () => {
  const [a, b] = [new AdvisoryLocks(t.app), new AdvisoryLocks(t.app)];
  expect(await a.tryAcquire('one')).toBe(true);
  expect(await a.tryAcquire('one')).toBe(true);
  expect(await b.tryAcquire('one')).toBe(false);
  expect(await b.tryAcquire('two')).toBe(true);
  await a.release('one');
  expect(a.isHeld('one')).toBe(false);
  expect(await b.tryAcquire('one')).toBe(true);
  await b.close();
  expect(b.isHeld('two')).toBe(false);
  expect(await a.tryAcquire('two')).toBe(true);
  await a.close();
});

test('a killed connection loses its locks, says so, and can begin anew', async () => {
  const [a, b] = [new AdvisoryLocks(t.app), new AdvisoryLocks(t.app)];
  await a.tryAcquire('three');
  const [session] = (await (await a.connection()).query('SELECT pg_backend_pid() AS pid')) as { pid: number }[];
  await t.superuser.query('SELECT pg_terminate_backend($1)', [session!.pid]);
  await until(() => !a.isHeld('three'));
  await until(() => b.tryAcquire('three'));
  expect(await a.tryAcquire('three')).toBe(false);
  await Promise.all([a.close(), b.close()]);
});

test('the connection holds no transaction open while it holds locks', async () => {
  const locks = new AdvisoryLocks(t.app);
  await locks.tryAcquire('four');
  const [session] = (await (await locks.connection()).query('SELECT pg_backend_pid() AS pid')) as { pid: number }[];
  const sql = 'SELECT state, backend_xid FROM pg_stat_activity WHERE pid = $1';
  expect(await t.superuser.query(sql, [session!.pid])).toEqual([{ state: 'idle', backend_xid: null }]);
  await locks.close();
});
