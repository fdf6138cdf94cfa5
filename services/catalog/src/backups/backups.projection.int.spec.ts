/** The view of backups, event by event: what each one changes, and that a repeat of it changes nothing. */
import { type BackupCommand, backupDecider, streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { projectBackups } from './backups.projection.ts';
import { findBackup } from './backups.queries.ts';
import { otherCopies } from './other-copies.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
}, 60_000);
afterAll(() => house.close());

let number = 0;
const newId = () => `backup_20260101_000000_${String(++number).padStart(8, '0')}`;
const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const dataset = { n: 1, datasetId: 'a', format: 'v4', path: 'acme/a' } as const;
const request = (backupId: string): BackupCommand => ({
  ...({ kind: 'request', backupId, tenant: 'acme', backupType: 'full', datasets: [dataset], requestedBy: 'key_1' } as const),
});
const tombstone = (backupId: string, reason: 'cancelled' | 'failed'): BackupCommand => ({
  kind: 'recordDecision',
  decision: { kind: 'tombstone', backupId, reason, code: 'a.b', message: 'why' },
});
const commit = (backupId: string): BackupCommand => ({
  kind: 'recordDecision',
  decision: {
    ...({ kind: 'commit', backupId, checksum: 'c', storagePath: 'p', committedAt: '2026-01-01T00:00:01.000Z' } as const),
    ...{ objects: 1, bytes: 100, newBytes: 10, storedBytes: 5, datasets: [{ datasetId: 'a', status: 'completed' }] },
  },
});
const verified = (ok: boolean): BackupCommand => ({
  kind: 'recordVerification',
  verificationId: `v-${ok}`,
  ok,
  at: '2026-01-01T00:00:02.000Z',
});
const wish: BackupCommand = { kind: 'requestDelete', by: 'key_1', force: false };
const gone: BackupCommand = { kind: 'recordDeleted', purgeAfter: '2026-01-09T00:00:00.000Z' };

/** Carries the commands out and projects every event twice. */
async function view(backupId: string, ...commands: BackupCommand[]) {
  const stream = streamOf.backup(backupId);
  for (const [i, command] of [request(backupId), ...commands].entries()) {
    await house.store.decide(stream, backupDecider, command, { commandId: `${i}-${backupId}`, meta });
  }
  const events = (await house.store.read(stream)).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent);
  for (const event of events) for (let times = 0; times < 2; times++) await house.database.transaction((tx) => projectBackups(tx, [event]));
  return (await findBackup(house.database, backupId, { tenant: 'acme' })) as Record<string, unknown>;
}

test.each<[string, (id: string) => BackupCommand[], object]>([
  ['requested', () => [], { status: 'pending', cancel_requested_at: null, progress: { datasets_total: 1, datasets_done: 0 } }],
  ['started', () => [{ kind: 'start' }], { status: 'running' }],
  ['to be cancelled', () => [{ kind: 'requestCancel', by: 'k' }], { status: 'pending', cancel_requested_at: expect.stringMatching(/Z$/) }],
  [
    'cancelled',
    (id) => [tombstone(id, 'cancelled')],
    { status: 'cancelled', datasets: [{ status: 'cancelled' }], duration_seconds: expect.any(Number) },
  ],
  ['failed', (id) => [tombstone(id, 'failed')], { status: 'failed', error_code: 'a.b', error_message: 'why' }],
  ['sealed', (id) => [commit(id)], { status: 'completed', size_bytes: 100, compressed_size_bytes: 5, checksum: 'c', purge_after: null }],
  [
    'verified',
    (id) => [commit(id), verified(true)],
    { status: 'completed', verified_at: '2026-01-01T00:00:02.000Z', verification: { ok: true } },
  ],
  ['being deleted', (id) => [commit(id), wish], { status: 'deleting', purge_after: null, progress: { datasets_done: 1 } }],
  ['deleted', (id) => [commit(id), wish, gone], { status: 'deleted', purge_after: '2026-01-09T00:00:00.000Z' }],
  ['undeleted', (id) => [commit(id), wish, gone, { kind: 'undelete', by: 'k' }], { status: 'completed', purge_after: null }],
  ['deleted after a failure, and back', (id) => [tombstone(id, 'failed'), wish, gone, { kind: 'undelete', by: 'k' }], { status: 'failed' }],
])('a backup that was %s', async (_, commands, shown) => {
  const id = newId();
  expect(await view(id, ...commands(id))).toMatchObject(shown);
});

test('is shown to its tenant and to all, and to no other', async () => {
  const id = newId();
  await view(id);
  expect(await findBackup(house.database, id, { tenant: 'globex' })).toBeUndefined();
  expect(await findBackup(house.database, id, { allTenants: true })).toMatchObject({ backup_id: id });
});

test('only data sets that it holds whole have other copies to look for', async () => {
  const id = newId();
  await view(id, commit(id), verified(true));
  expect(await otherCopies(house.database, id)).toEqual([]);
  await house.database.query(`UPDATE catalog_backup_datasets SET doc = doc || '{"status": "completed"}' WHERE backup_id = $1`, [id]);
  expect(await otherCopies(house.database, id)).toEqual([{ dataset_id: 'a', others: [] }]);
  const other = newId();
  await view(other, commit(other), verified(true));
  await house.database.query(`UPDATE catalog_backup_datasets SET doc = doc || '{"status": "completed"}' WHERE backup_id = $1`, [other]);
  expect(await otherCopies(house.database, id)).toEqual([{ dataset_id: 'a', others: [other] }]);
  await house.database.query(`UPDATE catalog_backups SET type = 'snapshot' WHERE backup_id = $1`, [other]);
  expect(await otherCopies(house.database, id)).toEqual([{ dataset_id: 'a', others: [] }]);
});

test('a backup that was found in storage is shown with what its decision says', async () => {
  const backupId = newId();
  const stream = streamOf.backup(backupId);
  const found = {
    backupId,
    tenant: 'acme',
    backupType: 'incremental',
    datasets: [dataset],
    decidedAt: '2026-01-01T00:00:01.000Z',
  } as const;
  for (const [i, command] of [{ kind: 'recover', ...found } as const, commit(backupId)].entries())
    await house.store.decide(stream, backupDecider, command, { commandId: `${i}-${backupId}`, meta });
  for (const event of await house.store.read(stream))
    await house.database.transaction((tx) => projectBackups(tx, [{ ...event, position: 1 } as LoggedEvent]));
  expect(await findBackup(house.database, backupId, { tenant: 'acme' })).toMatchObject({
    status: 'completed',
    type: 'incremental',
    timestamp: '2026-01-01T00:00:01.000Z',
    size_bytes: 100,
    metadata: { created_by: 'recovery' },
    datasets: [{ dataset_id: 'a', format: 'v4' }],
  });
});
