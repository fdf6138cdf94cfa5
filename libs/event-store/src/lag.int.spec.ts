import { moveCheckpoint, openCheckpoint } from './checkpoint.ts';
import { lags, oldestWriteTransaction } from './lag.ts';
import { seal } from './sequencer.ts';
import { as, event, sealAll, type TestStore, testStore, until } from './testing/test-store.ts';

let t: TestStore;
beforeEach(async () => {
  t = await testStore();
});
afterEach(() => t[Symbol.asyncDispose]());

test('tells how far everybody is', async () => {
  expect(await lags(t.app)).toMatchObject({ head: 0, unsealed: 0, unsealedAgeMs: 0, processors: [] });
  await t.store.append('backup-1', 0, [event(), event(), event()], as());
  await sealAll(t.app);
  const catalog = { name: 'catalog', version: 1 };
  await openCheckpoint(t.app, catalog);
  await moveCheckpoint(t.app, catalog, 0, 1);
  await t.store.append('backup-1', 3, [event(), event()], as());
  await new Promise((resolve) => setTimeout(resolve, 60));
  const now = await lags(t.app);
  expect(now).toMatchObject({ head: 3, unsealed: 2, processors: [{ ...catalog, position: 1, behind: 2 }] });
  expect(now.unsealedAgeMs).toBeGreaterThanOrEqual(50);
  expect(now.unsealedAgeMs).toBeLessThan(10_000);
});

test('an open write transaction is seen by the services, with its name and age, and it is what stalls the log', async () => {
  const open = t.owner.createQueryRunner();
  await open.startTransaction();
  await open.query(`SET LOCAL application_name = 'forgotten'`);
  await open.query('SELECT pg_current_xact_id()');
  await t.store.append('backup-1', 0, [event()], as());
  await until(async () => (await oldestWriteTransaction(t.app))?.application === 'forgotten');
  await new Promise((resolve) => setTimeout(resolve, 60));
  const oldest = await oldestWriteTransaction(t.app);
  expect(oldest).toMatchObject({ application: 'forgotten', pid: expect.any(Number) });
  expect(oldest!.ageMs).toBeGreaterThanOrEqual(50);
  expect(await seal(t.app, 10)).toMatchObject({ sealed: 0 });
  await open.rollbackTransaction();
  await open.release();
  await sealAll(t.app);
  await until(async () => (await oldestWriteTransaction(t.app))?.application !== 'forgotten');
});
