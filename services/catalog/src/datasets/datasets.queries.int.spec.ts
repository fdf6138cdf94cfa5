/** GET /datasets among many backups: the newest good copy of each data set, found along an index. */
import { rows } from '@dr/event-store';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { type KnownDataset, LIST_DATASETS, listDatasets } from './datasets.queries.ts';

const TENANTS = ['acme', 'Zeta', 'ümlaut'];
const DATASETS = 12;
const BACKUPS = 9_000;

/** Backup n is of tenant n % 3 and holds data set n % 12 and the next; every fifth failed, every seventh lost something. */
const FILL = `
INSERT INTO catalog_backups (backup_id, tenant, requested_at, type, status, dataset_ids, doc)
SELECT 'b' || n, ($1::text[])[1 + n % 3], timestamptz '2026-01-01Z' + n * interval '1 minute', 'full',
       CASE WHEN n % 5 = 0 THEN 'failed' ELSE 'completed' END, '{}', '{}' FROM generate_series(1, $2::int) n;
INSERT INTO catalog_backup_datasets (backup_id, n, dataset_id, doc, tenant, requested_at)
SELECT b.backup_id, i, 'd' || (substr(b.backup_id, 2)::int + i) % 12,
       jsonb_build_object('format', 'v4', 'status', CASE WHEN substr(b.backup_id, 2)::int % 7 = 0 THEN 'partial' ELSE 'completed' END),
       b.tenant, b.requested_at
  FROM catalog_backups b, generate_series(0, 1) i`;

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
  const [backups, datasets] = FILL.split(';');
  await house.owner.query(backups!, [TENANTS, BACKUPS]);
  await house.owner.query(datasets!);
  await house.owner.query('ANALYZE catalog_backups; ANALYZE catalog_backup_datasets');
}, 60_000);
afterAll(() => house.close());

const everything = { allTenants: true } as const;
const names = (found: KnownDataset[]) => found.map((d) => `${d.tenant_id}/${d.dataset_id}`);

/** By hand: the newest backup that did not fail and lost nothing. */
function goodCopy(tenant: number, dataset: number): string {
  const holds = (n: number) => n % 3 === tenant && (n % DATASETS === dataset || (n + 1) % DATASETS === dataset);
  for (let n = BACKUPS; n > 0; n--) if (holds(n) && n % 5 !== 0 && n % 7 !== 0) return `b${n}`;
  throw new Error(`${tenant} ${dataset} has none`);
}

test('every data set once, in byte order, with its newest good copy', async () => {
  const found = await listDatasets(house.database, { scope: everything, limit: 100 });
  expect(names(found)).toEqual([...names(found)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  expect(new Set(names(found)).size).toBe(found.length);
  expect(found.map((d) => d.last_good?.backup_id)).toEqual(
    found.map((d) => goodCopy(TENANTS.indexOf(d.tenant_id), Number(d.dataset_id.slice(1)))),
  );
  expect(new Set(found.map((d) => d.format))).toEqual(new Set(['v4']));
});

test('pages go on behind a place, within a tenant, or for one data set', async () => {
  const scope = { tenant: 'acme' };
  const all = await listDatasets(house.database, { scope, limit: 100 });
  expect(new Set(all.map((d) => d.tenant_id))).toEqual(new Set(['acme']));
  const first = await listDatasets(house.database, { scope, limit: 3 });
  const { tenant_id: tenant, dataset_id: datasetId } = first.at(-1)!;
  const rest = await listDatasets(house.database, { scope, limit: 100, after: { tenant, datasetId } });
  expect([...first, ...rest]).toEqual(all);
  expect(names(await listDatasets(house.database, { scope: everything, limit: 9, datasetId: 'd4' }))).toEqual(['Zeta/d4', 'acme/d4']);
  expect(await listDatasets(house.database, { scope: { tenant: 'nobody' }, limit: 9 })).toEqual([]);
});

test('a snapshot is no good copy, however new', async () => {
  const lastGood = async () =>
    (await listDatasets(house.database, { scope: { tenant: 'acme' }, limit: 1, datasetId: 'd4' }))[0]!.last_good!.backup_id;
  const newest = await lastGood();
  await house.owner.query(`UPDATE catalog_backups SET type = 'snapshot' WHERE backup_id = $1`, [newest]);
  expect(Number((await lastGood()).slice(1))).toBeLessThan(Number(newest.slice(1)));
  await house.owner.query(`UPDATE catalog_backups SET type = 'full' WHERE backup_id = $1`, [newest]);
});

test('a full that was made of a snapshot is as old as that, so it is the last good copy only while nothing newer is', async () => {
  const lastGood = async () =>
    (await listDatasets(house.database, { scope: { tenant: 'acme' }, limit: 1, datasetId: 'd4' }))[0]!.last_good!;
  const promoteFrom = (backup: string, snapshot: string) =>
    house.owner.query('UPDATE catalog_backups SET doc = $2 WHERE backup_id = $1', [backup, { promoted_from: snapshot }]);
  const newest = await lastGood();
  await promoteFrom(newest.backup_id, 'b60');
  const older = await lastGood();
  expect(Number(older.backup_id.slice(1))).toBeLessThan(Number(newest.backup_id.slice(1)));
  expect(older.at < newest.at).toBe(true);
  const snapshot = `b${Number(older.backup_id.slice(1)) + 1}`;
  await promoteFrom(newest.backup_id, snapshot);
  const at = new Date(Date.UTC(2026, 0, 1, 0, Number(snapshot.slice(1)))).toISOString();
  expect(await lastGood()).toMatchObject({ backup_id: newest.backup_id, at });
  await house.owner.query(`UPDATE catalog_backups SET doc = '{}' WHERE backup_id = $1`, [newest.backup_id]);
});

test('no row is looked at but those on the way', async () => {
  const parameters = [null, null, null, null, 10];
  const plan = (await rows<{ 'QUERY PLAN': string }>(house.owner, `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) ${LIST_DATASETS}`, parameters))
    .map((line) => line['QUERY PLAN'])
    .join('\n');
  expect(plan).toMatch(/Recursive Union/);
  expect(plan.match(/Index (Only )?Scan using catalog_backup_datasets_place on catalog_backup_datasets/g)!.length).toBe(3);
  expect(plan).toMatch(/Index (Only )?Scan using catalog_backup_datasets_good on catalog_backup_datasets/);
  expect(plan).toMatch(/Index Scan using catalog_backups_pkey on catalog_backups/);
  expect(plan).not.toMatch(/Seq Scan/);
  expect(plan.match(/Sort Key: .*/g)).toEqual(['Sort Key: good.state DESC, good.backup_id DESC']);
});
