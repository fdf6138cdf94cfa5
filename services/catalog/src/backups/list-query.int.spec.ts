/** GET /backups among many: every filter gives what it should, page by page, along an index. */
import { integer, rows } from '@dr/event-store';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { fillCatalog } from '../../../../test/bench/figures/fill-catalog.ts';
import { LISTS } from '../../../../test/bench/figures/list.ts';
import { migrations } from '../migrations.ts';
import { LIST_RESTORES, listRestores } from '../restores/restores.queries.ts';
import { listBackups } from './backups.queries.ts';
import { type ListBackups, listQuery, STATUSES, TYPES } from './list-query.ts';
import { OTHER_COPIES, otherCopies } from './other-copies.ts';

const BACKUPS = 20_000;

interface Known {
  backup_id: string;
  tenant: string;
  type: string;
  status: string;
  dataset_ids: string[];
  at: string;
}

let house: TestHouse;
let known: Known[];
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
  await fillCatalog(house.owner, BACKUPS);
  known = await rows(
    house.owner,
    `SELECT backup_id, tenant, type, status, dataset_ids, (extract(epoch FROM requested_at) * 1000)::bigint AS at FROM catalog_backups
      ORDER BY requested_at DESC, backup_id DESC`,
  );
}, 120_000);
afterAll(() => house.close());

const isWanted =
  ({ scope, type, status, datasetId, since, until }: Omit<ListBackups, 'limit'>) =>
  (one: Known): boolean =>
    !('tenant' in scope && scope.tenant !== one.tenant) &&
    (type ?? one.type) === one.type &&
    (status ?? one.status) === one.status &&
    (datasetId === undefined || one.dataset_ids.includes(datasetId)) &&
    (since === undefined || integer(one.at) >= Date.parse(since)) &&
    (until === undefined || integer(one.at) < Date.parse(until));

const ids = (backups: object[]) => (backups as { backup_id: string }[]).map((one) => one.backup_id);
const lists = Object.entries(LISTS);

test.each(lists)('%s: the newest page is what it should be', async (_, wanted) => {
  const expected = known.filter(isWanted(wanted)).map((one) => one.backup_id);
  const { backups, next_cursor } = await listBackups(house.database, { ...wanted, limit: 30 });
  expect(ids(backups)).toEqual(expected.slice(0, 30));
  expect(next_cursor === null).toBe(expected.length <= 30);
});

test.each(lists)('%s: the pages together are all there is', async (_, wanted) => {
  const expected = known
    .filter(isWanted(wanted))
    .map((one) => one.backup_id)
    .slice(0, 2_500);
  const found: string[] = [];
  for (let cursor: string | null = null, pages = 0; pages === 0 || (cursor !== null && pages < 3); pages++) {
    const page = await listBackups(house.database, { ...wanted, limit: 830, ...(cursor !== null && { cursor }) });
    found.push(...ids(page.backups));
    cursor = page.next_cursor;
  }
  expect(found).toEqual(expected.slice(0, found.length));
  expect(found.length).toBe(Math.min(expected.length, 2_490));
});

async function planOf(sql: string, values: unknown[]): Promise<string> {
  const plan = await rows<{ 'QUERY PLAN': string }>(house.owner, `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${sql}`, values);
  return plan.map((line) => line['QUERY PLAN']).join('\n');
}

test.each(lists)('%s: no table is walked, and hardly a backup is looked at that is not shown', async (_, wanted) => {
  const { sql, values } = listQuery({ ...wanted, limit: 50 });
  const plan = await planOf(sql, values);
  expect(plan).not.toMatch(/Seq Scan on catalog/);
  expect(plan).not.toMatch(/Rows Removed by Filter: \d{3}/);
  for (const [, read] of plan.matchAll(/Scan.* on catalog_\w+ \w+ \(actual rows=(\d+)/g)) expect(Number(read)).toBeLessThanOrEqual(51);
});

test('types and statuses are all that there are', () => {
  expect([...new Set(known.map(({ type }) => type))].filter((type) => !TYPES.includes(type))).toEqual([]);
  expect([...new Set(known.map(({ status }) => status))].filter((status) => !STATUSES.includes(status))).toEqual([]);
});

test('other good copies of a data set are found along an index, newest first', async () => {
  const own = known.find(({ tenant, status, dataset_ids }) => tenant === 'acme' && status === 'completed' && dataset_ids.length > 1)!;
  const verified = (await rows<{ backup_id: string }>(house.owner, `SELECT backup_id FROM catalog_backups WHERE doc ? 'verified_at'`)).map(
    (v) => v.backup_id,
  );
  const good = known.filter(
    (one) =>
      one.tenant === 'acme' &&
      one !== own &&
      one.type !== 'snapshot' &&
      ['completed', 'partial'].includes(one.status) &&
      verified.includes(one.backup_id),
  );
  const found = await otherCopies(house.database, own.backup_id);
  expect(found.map(({ dataset_id }) => dataset_id)).toEqual([...own.dataset_ids].sort());
  for (const { dataset_id, others } of found) {
    expect(others).toEqual(
      good
        .filter((one) => one.dataset_ids.includes(dataset_id))
        .map((one) => one.backup_id)
        .slice(0, 5),
    );
  }
  const plan = await planOf(OTHER_COPIES, [own.backup_id, 5]);
  expect(plan).toMatch(/catalog_backup_datasets_good/);
  expect(plan).not.toMatch(/Seq Scan on catalog/);
});

test("restores of a tenant that has few among many others' are found along an index", async () => {
  const scope = { tenant: 'tenant-17' };
  const own = await rows<{ restore_id: string }>(
    house.owner,
    `SELECT restore_id FROM catalog_restores WHERE tenant = $1 ORDER BY requested_at DESC, restore_id DESC LIMIT 2`,
    [scope.tenant],
  );
  const { restores } = await listRestores(house.database, { scope, limit: 2 });
  expect((restores as { restore_id: string }[]).map(({ restore_id }) => restore_id)).toEqual(own.map(({ restore_id }) => restore_id));
  expect(await planOf(LIST_RESTORES, [scope.tenant, null, null, 51])).toMatch(
    /Index Scan using catalog_restores_tenant on catalog_restores/,
  );
});
