/** How many operations may be unfinished, on the real PostgreSQL: at the limit, in a race, after an end. */
import { rows } from '@dr/event-store';
import { TooManyOperations } from './errors.ts';
import { admitOperation, COUNT_OF_TENANT, endOperation, type Operation, openOperations, refuseWhenFull } from './open-operations.ts';
import { type TestJobs, testJobs } from './testing/test-jobs.ts';

let t: TestJobs;
beforeEach(async () => {
  t = await testJobs();
});
afterEach(() => t[Symbol.asyncDispose]());

const backup = (operationId: string, tenant = 'acme'): Operation => ({ operationId, kind: 'backup', tenant });
const admit = (operation: Operation, limits: { perTenant?: number; total?: number } = {}) =>
  t.app.transaction((tx) => admitOperation(tx, operation, { perTenant: 3, total: 5, ...limits }));
const isIn = async (kind: Operation['kind'] = 'backup') => (await openOperations(t.app, kind)).map((o) => o.operationId);

test("a tenant's limit holds for all kinds together, and refuses the one beyond it with a time to come back", async () => {
  await admit(backup('a'));
  await admit({ ...backup('b'), kind: 'restore' });
  await admit({ ...backup('c'), kind: 'verification' });
  await expect(admit(backup('d'))).rejects.toMatchObject({ code: 'jobs.too_many_operations', retryAfterSeconds: 5 });
  await expect(admit(backup('d'))).rejects.toThrow(/3 operations of acme are unfinished/);
  await admit(backup('e', 'other'));
  expect(await isIn()).toEqual(['a', 'e']);
});

test('the limit of all tenants holds over many small ones', async () => {
  for (const n of [1, 2, 3, 4, 5]) await admit(backup(`o${n}`, `tenant ${n}`));
  await expect(admit(backup('o6', 'tenant 6'))).rejects.toThrow(/5 operations of all tenants/);
});

test('whoever would be refused is told before, and whoever would not is not', async () => {
  const asked = (tenant: string) => refuseWhenFull(t.app, tenant, { perTenant: 2, total: 3 });
  await admit(backup('a'));
  await asked('acme');
  await admit(backup('b'));
  await expect(asked('acme')).rejects.toMatchObject({
    code: 'jobs.too_many_operations',
    message: expect.stringMatching(/2 operations of acme/),
  });
  await asked('other');
  await admit(backup('c', 'other'));
  await expect(asked('third')).rejects.toThrow(/3 operations of all tenants/);
  expect(await isIn()).toEqual(['a', 'b', 'c']);
});

test('an end makes room, once', async () => {
  for (const id of ['a', 'b', 'c']) await admit(backup(id));
  expect(await endOperation(t.app, 'b')).toBe(true);
  expect(await endOperation(t.app, 'b')).toBe(false);
  await admit(backup('d'));
  expect(await isIn()).toEqual(['a', 'c', 'd']);
});

test('the same operation counted in again takes no more room, at the limit too', async () => {
  for (const id of ['a', 'b', 'c', 'c', 'a']) await admit(backup(id));
  expect(await isIn()).toEqual(['a', 'b', 'c']);
});

test('what is rolled back was never in', async () => {
  const undone = t.app.transaction(async (tx) => {
    await admitOperation(tx, backup('a'), { perTenant: 1, total: 1 });
    throw new Error('undo');
  });
  await expect(undone).rejects.toThrow('undo');
  await admit(backup('b'), { perTenant: 1 });
  expect(await isIn()).toEqual(['b']);
});

test('40 requests at once pass the limit by none', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => admit(backup(`o${n}`), { perTenant: 7, total: 100 })));
  expect(asked.filter((r) => r.status === 'fulfilled')).toHaveLength(7);
  for (const refused of asked.filter((r) => r.status === 'rejected')) expect(refused.reason).toBeInstanceOf(TooManyOperations);
  expect(await isIn()).toHaveLength(7);
});

test('open operations come in pages', async () => {
  for (const id of ['a', 'b', 'c']) await admit(backup(id));
  expect((await openOperations(t.app, 'backup', { limit: 2 })).map((o) => o.operationId)).toEqual(['a', 'b']);
  expect((await openOperations(t.app, 'backup', { after: 'b', limit: 2 })).map((o) => o.operationId)).toEqual(['c']);
});

test("a tenant's operations are counted in the index", async () => {
  await t.superuser.query(`INSERT INTO open_operations SELECT 'o' || n, 'backup', 'tenant ' || n % 50 FROM generate_series(1, 20000) n`);
  await t.superuser.query('ANALYZE open_operations');
  const plan = await rows<{ 'QUERY PLAN': string }>(t.superuser, `EXPLAIN (COSTS OFF) ${COUNT_OF_TENANT}`, ['tenant 7', 101]);
  expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index (Only )?Scan (using|on) open_operations_tenant/);
});
