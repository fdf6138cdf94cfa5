/** Which copies a backup may build on: by type, by loss, by what became of the backups, by the order of the log. */
import { type LoggedEvent, rows } from '@dr/event-store';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { basesFor, forgetCopies, NEWEST_COPIES, rememberCopy, sealCopies } from './capture-bases.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver', migrations });
}, 60_000);
afterAll(() => house.close());
beforeEach(() => house.database.query('DELETE FROM capture_bases'));

type Captured = Extract<LoggedEvent, { type: 'DatasetCaptured' }>;
interface Copy {
  tenant?: string;
  dataset?: string;
  intact?: boolean;
  base?: string;
  pinned?: object;
}

function captured(backupId: string, { tenant = 'acme', dataset = 'one', intact = true, base, pinned }: Copy = {}): Promise<void> {
  const data = { backupId, n: 1, datasetId: dataset, root: `root of ${backupId}`, intact, baseBackupId: base, pinned };
  return rememberCopy(house.database, { data, meta: { tenant } } as unknown as Captured);
}

let position = 0;
const sealed = async (backupId: string, copy: Copy = {}) => {
  await captured(backupId, copy);
  await sealCopies(house.database, backupId, ++position);
};

const bases = async (type: 'full' | 'incremental' | 'differential' | 'snapshot', dataset = 'one', tenant = 'acme') =>
  (await basesFor(house.database, { tenant, type, datasetIds: [dataset, 'never seen'] })).get(dataset)?.map((base) => base.backupId);

test('an incremental builds on the newest copy, a differential on the newest that was read in full, a full on nothing', async () => {
  await sealed('b1');
  await sealed('b2', { base: 'b1' });
  await sealed('b3', { base: 'b2' });
  expect(await bases('incremental')).toEqual(['b3', 'b2', 'b1']);
  expect(await bases('differential')).toEqual(['b1']);
  expect(await bases('full')).toBeUndefined();
  expect(await bases('snapshot')).toEqual(['b3', 'b2', 'b1']);
  const [base] = (await basesFor(house.database, { tenant: 'acme', type: 'incremental', datasetIds: ['one'] })).get('one')!;
  expect(base).toEqual({ backupId: 'b3', root: 'root of b3' });
});

test('a copy with loss is built on by none, one of a backup that is not sealed by none yet', async () => {
  await sealed('b1');
  await sealed('torn', { intact: false });
  await captured('running');
  expect(await bases('incremental')).toEqual(['b1']);
});

test('no backup builds on a snapshot, whatever it pins: neither as the newest copy nor as one that was read in full', async () => {
  await sealed('b1');
  await sealed('snapshot', { pinned: { objects: 0, bytes: 0, storage: '1-2', path: 'acme/one' } });
  for (const type of ['incremental', 'differential', 'snapshot'] as const) expect(await bases(type)).toEqual(['b1']);
});

test('data sets and tenants do not see each other', async () => {
  await sealed('b1', { dataset: 'one' });
  await sealed('b2', { dataset: 'two' });
  await sealed('b3', { tenant: 'other' });
  expect([await bases('incremental', 'one'), await bases('incremental', 'two')]).toEqual([['b1'], ['b2']]);
  expect(await bases('incremental', 'never backed up')).toBeUndefined();
});

test('what was given up is forgotten, and seen again it is remembered once', async () => {
  await sealed('b1');
  await captured('given up');
  await forgetCopies(house.database, 'given up');
  await captured('b1');
  await sealCopies(house.database, 'given up', ++position);
  expect(await bases('incremental')).toEqual(['b1']);
});

test('the order is that of the log: a clock set back a day makes no older backup newer', async () => {
  await sealed('backup_20261124_120000_00000001');
  await sealed('backup_20261123_120000_00000002');
  expect((await bases('incremental'))?.[0]).toBe('backup_20261123_120000_00000002');
});

test('of very many copies the newest stay, and the newest full ones however old they are', async () => {
  await sealed('full');
  for (let n = 0; n < 30; n += 1) await sealed(`inc ${n}`, { base: 'full' });
  const kept = await rows<{ n: number }>(house.database, 'SELECT count(*)::int AS n FROM capture_bases');
  expect(kept).toEqual([{ n: 21 }]);
  expect(await bases('differential')).toEqual(['full']);
  expect((await bases('incremental'))?.[0]).toBe('inc 29');
});

test('10,000 copies of a data set: the newest is found at the head of the index', async () => {
  await house.owner.query(
    `INSERT INTO capture_bases SELECT 'b' || n, 1, 'acme', 'set ' || n % 20, 'r', NULL, n FROM generate_series(1, 10000) n`,
  );
  await house.owner.query('ANALYZE capture_bases');
  const plan = await rows<{ 'QUERY PLAN': string }>(house.owner, `EXPLAIN (COSTS OFF) ${NEWEST_COPIES}`, [
    'acme',
    ['set 1', 'set 2'],
    false,
  ]);
  const lines = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(lines).toMatch(/Limit\n\s+-> +Index Scan using capture_bases_newest/);
  expect(lines).not.toMatch(/Seq Scan on capture_bases/);
});
