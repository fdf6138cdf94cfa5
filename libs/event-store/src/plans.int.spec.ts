import type { EntityManager } from 'typeorm';
import { rows } from './database.ts';
import { READ_LOG } from './event-log.ts';
import { READ_STREAM } from './event-store.ts';
import { FOREIGN_POLL, SEAL_POLL, SEAL_SETTINGS } from './schema/seal.ts';
import { seal } from './sequencer.ts';
import { PREDECESSORS } from './stream-order.ts';
import { as, event, type TestStore, testStore, until } from './testing/test-store.ts';
import { CHAIN } from './verify-chain.ts';

/** Plans on a log of 6,000 events, 3,000 of them waiting: what is pinned is that no query walks or sorts a whole table. */
let t: TestStore;
beforeAll(async () => {
  t = await testStore();
  const batch = Array.from({ length: 20 }, (_, n) => event(n));
  await Promise.all(Array.from({ length: 300 }, (_, i) => t.store.append(`backup-${i}`, 0, batch, as())));
  let head = 0;
  await until(async () => {
    head = (await seal(t.app, 300)).head;
    return head === 3_000;
  });
  await t.superuser.query('ANALYZE');
}, 60_000);
afterAll(() => t[Symbol.asyncDispose]());

async function planOf(sql: string, parameters: unknown[], { settings = [] as readonly string[] } = {}): Promise<string> {
  return t.superuser.transaction(async (tx: EntityManager) => {
    for (const name of settings) await tx.query(`SET LOCAL ${name} = off`);
    const plan = await rows<{ 'QUERY PLAN': string }>(tx, `EXPLAIN (COSTS OFF) ${sql}`, parameters);
    return plan.map((line) => line['QUERY PLAN']).join('\n');
  });
}

test('the sequencer walks the queue by its index and looks events up one by one', async () => {
  const plan = await planOf(SEAL_POLL.replace('p_limit', '$1'), [500], { settings: SEAL_SETTINGS });
  expect(plan).toMatch(/Limit\n\s+-> +Nested Loop/);
  expect(plan).toMatch(/Index Scan using unsealed_order on unsealed u\n\s+Index Cond: \(txid < pg_snapshot_xmin/);
  expect(plan).toMatch(/Index Scan using events_pkey on events ev/);
  expect(plan).not.toMatch(/Sort|Seq Scan|Hash/);
});

test('the function that seals runs under the settings that pin this plan', async () => {
  const [row] = await rows<{ config: string[] }>(t.app, `SELECT proconfig AS config FROM pg_proc WHERE proname = 'seal_events'`);
  expect(row!.config).toEqual(expect.arrayContaining(SEAL_SETTINGS.map((name) => `${name}=off`)));
});

test('looking for foreign transaction ids is one probe of the index', async () => {
  expect(await planOf(FOREIGN_POLL, [])).toMatch(/^Index (Only )?Scan using unsealed_order/);
});

test('log readers walk the primary key and look events up', async () => {
  const plan = await planOf(READ_LOG, [2_000, 50, 8_000_000]);
  expect(plan).toMatch(/Index Scan using event_log_pkey on event_log l\n\s+Index Cond: \("?position"? > /);
  expect(plan).toMatch(/Index Scan using events_event_id_key on events e/);
  expect(plan).not.toMatch(/Sort|Seq Scan|Hash/);
});

test('a stream is read by its key', async () => {
  const plan = await planOf(READ_STREAM, ['backup-7', 1]);
  expect(plan).toMatch(/Index Scan (using|on) events_pkey/);
  expect(plan).not.toMatch(/Seq Scan/);
});

test('predecessors are looked up, one probe each', async () => {
  const plan = await planOf(PREDECESSORS, [
    ['backup-1', 'backup-2'],
    [3, 4],
  ]);
  expect(plan).toMatch(/Index Scan using events_pkey/);
  expect(plan).toMatch(/Index Scan using event_log_event_id_key/);
});

test('the chain check reads its range of positions', async () => {
  expect(await planOf(CHAIN, [1_000, 1_100])).toMatch(/event_log_pkey on event_log l\n\s+Index Cond: \(\("?position"? >= /);
});
