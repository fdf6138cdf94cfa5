/** The wish to promote a snapshot over REST, on real PostgreSQL and NATS; the archiver's part stands beside the archiver. */
import { streamOf } from '@dr/domain';
import { rows } from '@dr/event-store';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme' });
}, 60_000);
afterAll(() => door.close());

const promote = (id: string, more: { key?: string; body?: unknown; headers?: Record<string, string> } = {}) =>
  door.call('POST', `/backups/${id}/promote`, { key: acme, ...more });
const eventsOf = (id: string) => door.house.store.read(streamOf.backup(id));
const newest = async () => (await door.call('GET', '/backups', { key: acme })).body['backups'] as { backup_id: string }[];

test('is 202 with a new full, which says where it comes from; the snapshot stays as it is', async () => {
  const id = await sealedBackup(door, { type: 'snapshot', datasets: ['a', 'deep/b'] });
  const before = (await eventsOf(id)).length;
  const reply = await promote(id);
  const backupId = reply.body['backup_id'] as string;
  expect([reply.status, reply.headers['location']]).toEqual([202, `/api/v1/backups/${backupId}`]);
  expect(reply.body).toMatchObject({
    type: 'full',
    status: 'pending',
    dataset_ids: ['a', 'deep/b'],
    parent_id: id,
    metadata: { promoted_from: id },
  });
  const [event] = await eventsOf(backupId);
  expect(event).toMatchObject({ type: 'BackupRequested', schemaVersion: 3, data: { backupType: 'full', promotedFrom: id, parentId: id } });
  expect(await eventsOf(id)).toHaveLength(before);
  expect(await rows(door.house.database, 'SELECT kind FROM open_operations WHERE operation_id = $1', [backupId])).toEqual([
    { kind: 'backup' },
  ]);
});

test('takes the data sets that are named, and words into an erasable row', async () => {
  const id = await sealedBackup(door, { type: 'snapshot', datasets: ['a', 'b'] });
  const reply = await promote(id, { body: { dataset_ids: ['b'], description: 'for Ada', metadata: { ticket: 7 } } });
  expect(reply.body).toMatchObject({ dataset_ids: ['b'], metadata: { description: 'for Ada', ticket: 7, promoted_from: id } });
  const [event] = await eventsOf(reply.body['backup_id'] as string);
  expect(JSON.stringify(event)).not.toContain('Ada');
  expect(event!.data).toMatchObject({
    datasets: [{ n: 1, datasetId: 'b', path: 'acme/b' }],
    textDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
});

test('repeated under its Idempotency-Key it makes one backup', async () => {
  const id = await sealedBackup(door, { type: 'snapshot' });
  const headers = { 'idempotency-key': 'promote-once' };
  const [first, second] = [await promote(id, { headers }), await promote(id, { headers })];
  expect(second.body['backup_id']).toBe(first.body['backup_id']);
  expect((await promote(id)).body['backup_id']).not.toBe(first.body['backup_id']);
});

test.each(['full', 'incremental', 'differential'] as const)('of a backup of type %s is 409: it holds its data already', async (type) => {
  const id = await sealedBackup(door, { type });
  const count = (await newest()).length;
  expect(await promote(id)).toMatchObject({ status: 409, body: { code: 'backup.not_a_snapshot' } });
  expect((await newest()).length).toBe(count);
});

test('of a snapshot that runs, or was deleted, is 409 and says so', async () => {
  const running = 'backup_20260101_000000_0000ffff';
  const datasets = [{ n: 1, datasetId: 'a', format: 'v4', path: 'acme/a' }] as const;
  await door.backup(running, {
    kind: 'request',
    backupId: running,
    tenant: 'acme',
    backupType: 'snapshot',
    datasets,
    requestedBy: 'key_1',
  });
  expect(await promote(running)).toMatchObject({
    status: 409,
    body: { code: 'backup.not_restorable', detail: expect.stringContaining('is pending') },
  });
  const gone = await sealedBackup(door, { type: 'snapshot' });
  await door.backup(gone, { kind: 'requestDelete', by: 'key_1', force: false });
  expect(await promote(gone)).toMatchObject({ status: 409, body: { detail: expect.stringContaining('is deleting') } });
});

test('of what nobody may see is 404, of a data set that it does not hold 422, without the scope 403', async () => {
  const id = await sealedBackup(door, { type: 'snapshot' });
  const [other, reader] = [await door.key({ tenant: 'globex' }), await door.key({ tenant: 'acme', scopes: ['backup:read'] })];
  expect((await promote(id, { key: other })).status).toBe(404);
  expect((await promote('backup_20200101_000000_00000000')).status).toBe(404);
  expect(await promote(id, { body: { dataset_ids: ['a', 'no'] } })).toMatchObject({
    status: 422,
    body: { code: 'backup.not_in_snapshot' },
  });
  expect(await promote(id, { body: { datasets: ['a'] } })).toMatchObject({ status: 400, body: { code: 'request.invalid' } });
  expect(await promote(id, { key: reader })).toMatchObject({ status: 403, body: { code: 'auth.scope_missing' } });
});
