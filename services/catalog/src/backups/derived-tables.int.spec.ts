/** What follows from the rows of backups is what going through all of them gives, whatever was done to them and in whichever portions. */
import { rows } from '@dr/event-store';
import fc from 'fast-check';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { upsertInto } from '../views/batch-rows.ts';
import { backupStats } from './backup-stats.ts';
import { backupTable } from './backups.projection.ts';
import { STATUSES, TYPES } from './list-query.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
}, 60_000);
afterAll(() => house.close());

const TOTALS = `SELECT tenant, type, coalesce(doc ->> 'ended_as', status) AS ended_as, count(*) AS backups,
    coalesce(sum((doc ->> 'size_bytes')::numeric) FILTER (WHERE kept), 0) AS size_bytes,
    coalesce(sum((doc ->> 'compressed_size_bytes')::numeric) FILTER (WHERE kept), 0) AS stored_bytes,
    coalesce(sum((doc ->> 'new_bytes')::numeric) FILTER (WHERE kept), 0) AS new_bytes
  FROM (SELECT *, status IN ('completed', 'partial') AS kept FROM catalog_backups) AS b GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
const KINDS = `SELECT DISTINCT backup_id, dataset_id COLLATE "C" AS dataset_id, tenant, type, status, requested_at
  FROM catalog_backups, unnest(dataset_ids) AS dataset_id ORDER BY 1, 2`;

async function expectDerived(): Promise<void> {
  const kept = await rows(house.database, `SELECT * FROM catalog_totals WHERE backups <> 0 ORDER BY tenant, type, ended_as`);
  expect(kept).toEqual(await rows(house.database, TOTALS));
  const empty = await rows(
    house.database,
    `SELECT * FROM catalog_totals WHERE backups = 0 AND (size_bytes, stored_bytes, new_bytes) <> (0, 0, 0)`,
  );
  expect(empty).toEqual([]);
  const kinds = await rows(
    house.database,
    'SELECT backup_id, dataset_id, tenant, type, status, requested_at FROM catalog_dataset_kinds ORDER BY 1, 2',
  );
  expect(kinds).toEqual(await rows(house.database, KINDS));
}

/** Tenant, type and data sets of a backup never change: they go by its number. */
const row = fc
  .record({
    n: fc.integer({ min: 0, max: 11 }),
    status: fc.constantFrom(...STATUSES),
    doc: fc.record(
      {
        ...{ size_bytes: fc.maxSafeNat(), compressed_size_bytes: fc.nat(), new_bytes: fc.nat() },
        ended_as: fc.constantFrom('completed', 'partial', 'failed'),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ n, ...changing }) => ({
    ...{ backup_id: `backup-${n}`, tenant: `tenant-${n % 2}`, type: TYPES[n % 3], requested_at: `2026-01-01T00:00:${10 + n}Z` },
    ...{ dataset_ids: [['a'], ['a', 'b'], [], ['b', 'b']][n % 4], ...changing },
  }));
const step = fc.oneof(
  { weight: 8, arbitrary: fc.uniqueArray(row, { selector: (one) => one.backup_id, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(`DELETE FROM catalog_backups WHERE tenant = 'tenant-1'`) },
);

test('after each of any statements: totals are the sums, and data sets have type and status of their backups', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      await house.owner.query('TRUNCATE catalog_backups');
      await expectDerived();
      for (const one of steps) {
        if (typeof one === 'string') await house.database.query(one);
        else await house.database.query(upsertInto(backupTable), [JSON.stringify(one)]);
        await expectDerived();
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('what is rolled back leaves the totals as they were', async () => {
  await house.owner.query('TRUNCATE catalog_backups');
  const [one] = fc.sample(row, 1);
  const failing = house.database.transaction(async (tx) => {
    await tx.query(upsertInto(backupTable), [JSON.stringify([one])]);
    throw new Error('after the rows');
  });
  await expect(failing).rejects.toThrow('after the rows');
  expect(await backupStats(house.database, { allTenants: true })).toMatchObject({ total_backups: 0, type_breakdown: {} });
});

test('a house that had backups before the tables were there gets them counted', async () => {
  const before = await testHouse({ service: 'catalog', migrations: migrations.slice(0, -1) });
  try {
    await before.database.query(upsertInto(backupTable), [
      JSON.stringify(fc.sample(row, 1).map((one) => ({ ...one, status: 'completed', doc: { size_bytes: 7 } }))),
    ]);
    await new (migrations.at(-1)!)().up(before.owner.createQueryRunner());
    expect(await backupStats(before.database, { allTenants: true })).toMatchObject({
      total_backups: 1,
      completed_backups: 1,
      total_size_bytes: 7,
    });
  } finally {
    await before.close();
  }
}, 60_000);
