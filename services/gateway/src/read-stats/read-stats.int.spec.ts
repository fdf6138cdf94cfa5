/** What all backups come to, over REST: by hand-counted backups, per tenant and of all. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme', scopes: ['admin'] });
}, 60_000);
afterAll(() => door.close());

const stats = (query = '', key?: string) => door.call<Record<string, unknown>>('GET', `/admin/backups/stats${query}`, { key });

test('of nothing: counts are 0, and there are no ratios', async () => {
  expect(await stats()).toMatchObject({
    status: 200,
    body: {
      ...{ total_backups: 0, completed_backups: 0, failed_backups: 0, success_rate: null, total_size_bytes: 0, compressed_size_bytes: 0 },
      ...{ compression_ratio: null, dedup_ratio: null, type_breakdown: {}, storage_backend: 'local', retention_days: null },
    },
  });
});

test('a tenant that nothing is of is refused, not counted as nothing; one that has a key or lies at the source has zeros', async () => {
  const unknown = await stats('?tenant_filter=acmee');
  expect(unknown).toMatchObject({ status: 404, body: { code: 'tenant.not_found', detail: expect.stringContaining('acmee') } });
  expect(await stats('?tenant_filter=acme')).toMatchObject({ status: 200, body: { total_backups: 0 } });
  expect(await stats('', acme)).toMatchObject({ status: 200, body: { total_backups: 0 } });
  expect((await stats('?tenant_filter=fresh')).status).toBe(404);
  const folder = join(door.house.config.deeplake.root, 'fresh', 'a');
  await mkdir(folder, { recursive: true });
  expect((await stats('?tenant_filter=fresh')).status).toBe(200);
  await rm(folder, { recursive: true });
});

describe('of three sealed backups and one that failed', () => {
  beforeAll(async () => {
    await sealedBackup(door, { datasets: ['a'] });
    await sealedBackup(door, { datasets: ['a', 'b'] });
    await sealedBackup(door, { tenant: 'globex', datasets: ['c'], torn: ['c'] });
    const backupId = 'backup_20260102_000000_0000000f';
    const dataset = { n: 1, datasetId: 'a', format: 'v4', path: 'acme/a' } as const;
    const tombstone = { kind: 'tombstone', backupId, reason: 'failed', code: 'x.y', message: 'why' } as const;
    await door.backup(
      backupId,
      { kind: 'request', backupId, tenant: 'acme', backupType: 'incremental', datasets: [dataset], requestedBy: 'k' },
      { kind: 'recordDecision', decision: tombstone },
    );
  });

  test('all tenants', async () => {
    const { body } = await stats();
    expect(body).toMatchObject({
      ...{ total_backups: 4, completed_backups: 2, failed_backups: 1, success_rate: 0.5 },
      ...{ total_size_bytes: 300, compressed_size_bytes: 15, compression_ratio: 2, dedup_ratio: 10 },
      type_breakdown: { full: { count: 3, size: 300 }, incremental: { count: 1, size: 0 } },
    });
  });

  test('one tenant: named by an administrator of all, or the key’s own', async () => {
    const expected = { total_backups: 3, completed_backups: 2, failed_backups: 1, success_rate: 2 / 3, total_size_bytes: 200 };
    expect((await stats('?tenant_filter=acme')).body).toMatchObject(expected);
    expect((await stats('', acme)).body).toMatchObject(expected);
    expect((await stats('?tenant_filter=globex', acme)).status).toBe(404);
  });

  test('the list of all tenants’ backups, in pages', async () => {
    const list = (query: string, key?: string) =>
      door.call<{ backups: { backup_id: string }[]; next_cursor: string | null }>('GET', `/admin/backups${query}`, { key });
    const { body: first } = await list('?limit=3');
    const { body: second } = await list(`?limit=3&cursor=${first.next_cursor}`);
    expect([first.backups.length, second.backups.length, second.next_cursor]).toEqual([3, 1, null]);
    expect(new Set([...first.backups, ...second.backups].map((b) => b.backup_id)).size).toBe(4);
    expect((await list('?tenant_filter=globex')).body.backups.length).toBe(1);
    expect((await list('', acme)).body.backups.length).toBe(3);
  });

  test('a deleted one counts as what it was, and its bytes no longer', async () => {
    const [newest] = (await door.call<{ backups: { backup_id: string }[] }>('GET', '/backups?dataset_id=b')).body.backups;
    await door.backup(
      newest!.backup_id,
      { kind: 'requestDelete', by: 'k', force: true },
      { kind: 'recordDeleted', purgeAfter: '2026-02-01T00:00:00.000Z' },
    );
    expect((await stats()).body).toMatchObject({ total_backups: 4, completed_backups: 2, total_size_bytes: 200 });
  });
});
