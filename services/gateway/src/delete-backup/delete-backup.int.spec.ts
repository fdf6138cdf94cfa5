/** Soft deletion over REST, on real PostgreSQL: what may go, what may not and why, and that it comes back as it was. */
import { rows } from '@dr/event-store';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';

let door: FrontDoor;
let deleter: string;
beforeAll(async () => {
  door = await frontDoor();
  deleter = await door.key({ tenant: 'acme', scopes: ['backup:read', 'backup:delete', 'restore:run', 'verify:run'] });
}, 60_000);
afterAll(() => door.close());

const remove = (id: string, query = '', key = deleter) => door.call('DELETE', `/backups/${id}${query}`, { key });
const undelete = (id: string, key = deleter) => door.call('POST', `/backups/${id}/undelete`, { key });
const statusOf = async (id: string) => (await door.call('GET', `/backups/${id}`)).body['status'];
/** What the archiver's process manager does when it reads the wish. */
const carryOut = (id: string) => door.backup(id, { kind: 'recordDeleted', purgeAfter: '2026-01-09T00:00:00.000Z' });
const set = (() => {
  let n = 0;
  return () => `set-${++n}`;
})();

describe('a deletion', () => {
  test('is deleting at once, then deleted with the time until which it can come back', async () => {
    const id = await sealedBackup(door, { datasets: [set()] });
    const reply = await remove(id);
    expect([reply.status, reply.headers['location'], reply.body['status']]).toEqual([202, `/api/v1/backups/${id}`, 'deleting']);
    await carryOut(id);
    expect((await door.call('GET', `/backups/${id}`)).body).toMatchObject({ status: 'deleted', purge_after: '2026-01-09T00:00:00.000Z' });
  });

  test('said again changes nothing', async () => {
    const id = await sealedBackup(door, { datasets: [set()] });
    await remove(id);
    expect((await remove(id)).status).toBe(202);
    await carryOut(id);
    expect((await remove(id)).body['status']).toBe('deleted');
    const sql = `SELECT count(*)::int AS n FROM events WHERE stream = 'backup-' || $1 AND type LIKE 'BackupDelete%'`;
    expect(await rows(door.house.database, sql, [id])).toEqual([{ n: 2 }]);
  });

  test('hides it from restore, verify and latest, but not from who asks for it', async () => {
    const datasets = [set()];
    const [older, newer] = [
      await sealedBackup(door, { datasets, tenant: 'hidden' }),
      await sealedBackup(door, { datasets, tenant: 'hidden' }),
    ];
    const key = await door.key({ tenant: 'hidden' });
    await remove(newer, '', key);
    await carryOut(newer);
    for (const what of ['restore', 'verify']) {
      const { status, body } = await door.call('POST', `/backups/${newer}/${what}`, { key, body: {} });
      expect([status, body['code']]).toEqual([409, 'backup.not_restorable']);
    }
    const restore = await door.call('POST', '/backups/latest/restore', { key, body: {} });
    expect([restore.status, restore.body['backup_id']]).toEqual([202, older]);
    const listed = await door.call<{ backups: { backup_id: string }[] }>('GET', '/backups?status=deleted', { key });
    expect(listed.body.backups.map((b) => b.backup_id)).toEqual([newer]);
  });

  test('of a backup that runs is 409 and says to cancel it', async () => {
    const id = 'backup_20260101_000000_ffffffff';
    const datasets = [{ n: 1, datasetId: 'a', format: 'v4', path: 'acme/a' }] as const;
    await door.backup(id, { kind: 'request', backupId: id, tenant: 'acme', backupType: 'full', datasets, requestedBy: 'key_1' });
    const { status, body } = await remove(id);
    expect([status, body['code']]).toEqual([409, 'wrong_state.backup_running']);
    expect(body['detail']).toContain('Cancel it first');
  });
});

describe('the last verified good copy', () => {
  test.each<[string, (id: string, other: string) => Parameters<typeof sealedBackup>[1][], number]>([
    ['no other backup at all', () => [], 409],
    ['another verified one', (a, b) => [{ datasets: [a, b], verified: true }], 202],
    ['two others, one data set in each', (a, b) => [a, b].map((id) => ({ datasets: [id], verified: true })), 202],
    ['another one that was never verified', (a, b) => [{ datasets: [a, b] }], 409],
    ['another one that was found damaged', (a, b) => [{ datasets: [a, b], verified: false }], 409],
    ['another one in which a data set is torn', (a, b) => [{ datasets: [a, b], torn: [b], verified: true }], 409],
    ['one of only some of the data sets', (a) => [{ datasets: [a], verified: true }], 409],
    ["another tenant's", (a, b) => [{ datasets: [a, b], verified: true, tenant: 'globex' }], 409],
  ])('with %s', async (_, others, status) => {
    const datasets = [set(), set()];
    const id = await sealedBackup(door, { datasets, verified: true });
    for (const other of others(datasets[0]!, datasets[1]!)) await sealedBackup(door, other);
    const reply = await remove(id);
    expect(reply.status).toBe(status);
    if (status === 202) return;
    expect(reply.body['code']).toBe('backup.last_good_copy');
    expect(reply.body['detail']).toContain(datasets[1]);
    expect(await statusOf(id)).toBe('completed');
  });

  test('a deleted one does not count as a copy', async () => {
    const datasets = [set()];
    const [one, two] = [await sealedBackup(door, { datasets, verified: true }), await sealedBackup(door, { datasets, verified: true })];
    expect((await remove(one)).status).toBe(202);
    expect((await remove(two)).status).toBe(409);
  });

  test('stays although the catalog does not know what is in it', async () => {
    const id = await sealedBackup(door, { datasets: [set()], verified: true });
    await door.house.database.query('DELETE FROM catalog_backup_datasets WHERE backup_id = $1', [id]);
    const { status, body } = await remove(id);
    expect([status, body['code']]).toEqual([409, 'backup.last_good_copy']);
  });

  test('two deletions at once leave one', async () => {
    for (let round = 0; round < 5; round++) {
      const datasets = [set()];
      const ids = [await sealedBackup(door, { datasets, verified: true }), await sealedBackup(door, { datasets, verified: true })];
      expect((await Promise.all(ids.map((id) => remove(id)))).map((r) => r.status).sort()).toEqual([202, 409]);
    }
  });

  test('a torn data set in it needs no other copy', async () => {
    const datasets = [set()];
    expect((await remove(await sealedBackup(door, { datasets, torn: datasets, verified: true }))).status).toBe(202);
  });

  test('goes when an admin forces it, and only then', async () => {
    const id = await sealedBackup(door, { datasets: [set()], verified: true });
    const refused = await remove(id, '?force=true');
    expect([refused.status, refused.body['code']]).toEqual([403, 'auth.scope_missing']);
    const admin = await door.key({ tenant: 'acme', scopes: ['admin'] });
    expect((await remove(id, '?force=false', admin)).status).toBe(409);
    expect((await remove(id, '?force=true', admin)).status).toBe(202);
  });
});

describe('undelete', () => {
  test.each(['deleting', 'deleted'])('brings a backup that is %s back as it was', async (was) => {
    const id = await sealedBackup(door, { datasets: [set(), 'torn'], torn: ['torn'] });
    const before = (await door.call('GET', `/backups/${id}`)).body;
    await remove(id);
    if (was === 'deleted') await carryOut(id);
    const reply = await undelete(id);
    expect([reply.status, reply.body['status']]).toEqual([202, 'partial']);
    expect((await door.call('GET', `/backups/${id}`)).body).toEqual(before);
    await carryOut(id);
    expect(await statusOf(id)).toBe('partial');
    expect((await undelete(id)).status).toBe(202);
  });

  test('of what was never deleted is 409', async () => {
    const { status, body } = await undelete(await sealedBackup(door, { datasets: [set()] }));
    expect([status, body['code']]).toEqual([409, 'wrong_state.backup_not_deleted']);
  });
});

test('neither is possible without the scope, nor seen by another tenant', async () => {
  const id = await sealedBackup(door, { datasets: [set()] });
  const reader = await door.key({ tenant: 'acme', scopes: ['backup:read', 'backup:create'] });
  const stranger = await door.key({ tenant: 'globex' });
  expect([(await remove(id, '', reader)).status, (await undelete(id, reader)).status]).toEqual([403, 403]);
  expect([(await remove(id, '', stranger)).status, (await undelete(id, stranger)).status]).toEqual([404, 404]);
  expect((await remove(id, '?force=maybe')).status).toBe(400);
  expect(await statusOf(id)).toBe('completed');
});
