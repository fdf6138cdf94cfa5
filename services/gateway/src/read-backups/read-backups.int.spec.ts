/** Lists of backups over REST: filters, pages, tenants, and every odd value as a 400 that names it, never a 500. */
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';

interface Page {
  code: string;
  errors: { pointer: string }[];
  backups: { backup_id: string; timestamp: string }[];
  next_cursor: string | null;
}

let door: FrontDoor;
let acme: string;
let ids: string[];
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme', scopes: ['backup:read'] });
  ids = [];
  for (const datasets of [['a'], ['b'], ['a', 'b'], ['deep/c']]) ids.unshift(await sealedBackup(door, { datasets }));
  await sealedBackup(door, { tenant: 'globex', datasets: ['a'], torn: ['a'] });
}, 60_000);
afterAll(() => door.close());

const list = (query = '', key = acme) => door.call<Page>('GET', `/backups${query}`, { key });
const idsOf = async (query: string, key = acme) => (await list(query, key)).body.backups.map((b) => b.backup_id);

test('newest first, of the key’s tenant only; a key of all tenants sees all, or the one it names', async () => {
  expect(await idsOf('')).toEqual(ids);
  expect((await idsOf('', door.admin)).length).toBe(5);
  expect((await idsOf('?tenant_id=globex', door.admin)).length).toBe(1);
  expect((await list('?tenant_id=globex')).status).toBe(404);
  expect(await idsOf('?tenant_id=nobody', door.admin)).toEqual([]);
});

test('in pages of any size, each backup once', async () => {
  for (const limit of [1, 2, 3, 1000]) {
    const seen: string[] = [];
    for (let query = `?limit=${limit}`; ; ) {
      const { body } = await list(query);
      seen.push(...body.backups.map((b) => b.backup_id));
      if (body.next_cursor === null) break;
      query = `?limit=${limit}&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual(ids);
  }
});

test('narrowed by data set, status, type and time', async () => {
  expect(await idsOf('?dataset_id=a')).toEqual([ids[1], ids[3]]);
  expect(await idsOf('?dataset_id=deep/c')).toEqual([ids[0]]);
  expect(await idsOf('?dataset_id=nothing')).toEqual([]);
  expect(await idsOf('?status=completed&type=full')).toEqual(ids);
  expect(await idsOf('?status=partial')).toEqual([]);
  expect((await idsOf('?status=partial', door.admin)).length).toBe(1);
  expect(await idsOf('?type=incremental')).toEqual([]);
  const { timestamp } = (await list('?limit=1')).body.backups[0]!;
  expect(await idsOf(`?until=${timestamp}`)).toEqual(ids.slice(1));
  expect(await idsOf(`?since=${timestamp}`)).toEqual(ids.slice(0, 1));
  const sameInAnotherZone = new Date(Date.parse(timestamp) + 3_600_000).toISOString().replace('Z', '%2B01:00');
  expect(await idsOf(`?since=${sameInAnotherZone}`)).toEqual(ids.slice(0, 1));
});

test.each([
  'limit=0',
  'limit=1001',
  'limit=-1',
  'limit=ten',
  'limit=1.5',
  'limit=',
  'limit=1&limit=2',
  'cursor=',
  'cursor=abc',
  `cursor=${'x'.repeat(1025)}`,
  'type=backup',
  'type=Full',
  'status=done',
  'status=completed&status=failed',
  'since=yesterday',
  'since=2026-02-30T00:00:00Z',
  'since=0000-01-01T00:00:00Z',
  'since=2026-01-01T00:00:00%2B99:99',
  'since=9999-12-31T23:59:59-12:00',
  'until=2026-01-01',
  'until=1767225600',
  'dataset_id=%00',
  'dataset_id=a%00b',
  'tenant_id=%00',
  'until=2026-01-01T00:00:00Z%00',
  'limits=5',
])('%s is 400', async (query) => {
  for (const key of [acme, door.admin]) {
    const { status, body } = await list(`?${query}`, key);
    expect([status, body.code]).toEqual([400, expect.stringMatching(/^request\.(invalid|bad_cursor)$/)]);
  }
});

test('one whose data sets are full of findings is shown, in lists too', async () => {
  const datasets = ['x', 'y', 'z'];
  const id = await sealedBackup(door, { datasets, tenant: 'torn', torn: datasets });
  const finding = { format: 'v4', code: 'T6', severity: 'error', message: 'the log names a file that is not there'.repeat(10) };
  const findings = Array.from({ length: 1000 }, (_, i) => ({ ...finding, path: `_txn/${i}` }));
  const sql = `UPDATE catalog_backup_datasets SET doc = doc || jsonb_build_object('findings', $2::jsonb) WHERE backup_id = $1`;
  await door.house.owner.query(sql, [id, JSON.stringify(findings)]);
  const shown = await door.call<{ datasets: { findings: object[] }[] }>('GET', `/backups/${id}`);
  expect([shown.status, shown.body.datasets.map((d) => d.findings.length)]).toEqual([200, [1000, 1000, 1000]]);
  expect((await list('?tenant_id=torn', door.admin)).body.backups.map((b) => b.backup_id)).toEqual([id]);
});
