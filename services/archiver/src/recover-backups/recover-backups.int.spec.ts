/** What storage decided and the log lacks, and backups whose jobs were lost: on a real repository and a real database. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { backupDecider, type RequestBackup } from '@dr/domain';
import { admitOperation } from '@dr/jobs';
import type { Commit } from '@dr/repository';
import { sealBackup } from '../seal-backup/seal-backup.ts';
import { type Archive, archive, captureAll, eventsOf, keyOf, meta, refsOf, requested, tenantOf, writeDataset } from '../testing/archive.ts';
import { recoverBackups } from './recover-backups.ts';

let on: Archive;
beforeEach(async () => {
  on = await archive();
  writeDataset(on, 'one', { 'a.bin': Buffer.alloc(5000, 'one') });
  await on.house.owner.query(`INSERT INTO backup_plans (backup_id, tenant, expected) VALUES ('an earlier one', 'acme', 1)`);
}, 60_000);
afterEach(() => on.close());

const recover = () => recoverBackups(on.house, on.repository);
const lastEvent = async (backupId: string) => (await eventsOf(on, backupId)).at(-1);
const committed = async () => {
  const backupId = await requested(on, ['one']);
  await captureAll(on, backupId, ['one']);
  await sealBackup({ store: on.house.store, sessions: on.sessions, now: on.house.now }, backupId);
  return backupId;
};

test('a commit and a tombstone whose events were lost are recorded, once', async () => {
  const [sealed, open] = [await committed(), await requested(on, ['one'])];
  const givenUp = await requested(on, ['one']);
  await on.sessions.use(keyOf(givenUp), ({ session }) => session.abandon('cancelled'));
  expect(await recover()).toEqual({ recorded: [sealed, givenUp], found: [], resumed: [] });
  expect(await lastEvent(sealed)).toMatchObject({ type: 'BackupSealed', data: { outcome: 'completed' } });
  expect(await lastEvent(givenUp)).toMatchObject({ type: 'BackupCancelled' });
  expect(await lastEvent(open)).toMatchObject({ type: 'BackupStarted' });
  expect(await recover()).toEqual({ recorded: [], found: [], resumed: [] });
});

/** A backup in storage that the log does not know the end of, and what its commit says. */
async function sealed(more: Partial<RequestBackup> = {}): Promise<{ known: string; commit: Omit<Commit, 'storagePath'> }> {
  const known = await requested(on, ['one'], more);
  await captureAll(on, known, ['one']);
  const { storagePath: _, ...commit } = (await sealBackup(
    { store: on.house.store, sessions: on.sessions, now: on.house.now },
    known,
  )) as Commit;
  return { known, commit };
}

const leftOut = { total: 1, lost: 1, paths: [{ path: 'acme/locked', reason: 'unreadable' as const }] };

test('backups that the log never knew are recorded from their decisions, with their data sets, once', async () => {
  const { known, commit } = await sealed({ leftOut, promotedFrom: 'backup_19990101_000000_00000001' });
  const requestedAt = (await eventsOf(on, known))[0]!.recordedAt;
  const lost = 'backup_20200101_000000_00000001';
  const session = await (await tenantOf(on)).session(lost, { type: 'incremental' });
  await session.commit({ ...commit, backupId: lost, type: 'incremental' });
  await session.close();
  const givenUp = 'backup_20200101_000000_00000002';
  await (await tenantOf(on)).abandon(givenUp, 'cancelled');
  expect(await recover()).toEqual({ recorded: [known], found: [lost, givenUp], resumed: [] });
  const events = await eventsOf(on, lost);
  expect(events).toMatchObject([
    {
      type: 'BackupRecovered',
      data: {
        ...{ tenant: 'acme', backupType: 'incremental', datasets: [{ n: 1, datasetId: 'one', path: 'acme/one' }] },
        ...{ leftOut, promotedFrom: 'backup_19990101_000000_00000001', requestedBy: 'key_1', requestedAt },
      },
    },
    { type: 'BackupSealed', data: { outcome: 'partial', expected: 1, done: 1 } },
  ]);
  const capture = async (id: string) =>
    (await on.house.store.read(`capture-${id}-1`)).map(({ type, data }) => ({ type, data: { ...data, backupId: '' } }));
  expect(await capture(lost)).toEqual(await capture(known));
  expect((await eventsOf(on, givenUp)).map(({ type }) => type)).toEqual(['BackupRecovered', 'BackupCancelled']);
  expect(await recover()).toEqual({ recorded: [], found: [], resumed: [] });
});

test('a recovery that was cut off in the middle goes on', async () => {
  const { known, commit } = await sealed();
  const lost = 'backup_20200101_000000_00000003';
  const session = await (await tenantOf(on)).session(lost, { type: 'full' });
  await session.commit({ ...commit, backupId: lost });
  await session.close();
  const found = {
    backupId: lost,
    tenant: 'acme',
    backupType: 'full',
    datasets: refsOf(['one']),
    decidedAt: '2020-01-01T00:00:00Z',
  } as const;
  await on.house.store.decide(`backup-${lost}`, backupDecider, { kind: 'recover', ...found }, { commandId: 'cut off', meta });
  expect((await recover()).recorded.sort()).toEqual([lost, known].sort());
  expect((await eventsOf(on, lost)).map(({ type }) => type)).toEqual(['BackupRecovered', 'BackupSealed']);
  expect(await on.house.store.read(`capture-${lost}-1`)).toHaveLength(1);
});

test('one damaged decision keeps the others from nothing', async () => {
  const [first, second] = [await committed(), await committed()];
  const { storagePath } = (await (await tenantOf(on)).decision(first))!;
  rmSync(join(fileURLToPath(on.house.config.repository.uri), storagePath));
  expect((await recover()).recorded).toEqual([second]);
});

async function planned(opened: string): Promise<string> {
  const backupId = await requested(on, ['one']);
  await on.house.owner.query(`INSERT INTO backup_plans (backup_id, tenant, expected) VALUES ($1, 'acme', 1)`, [backupId]);
  await on.house.database.transaction((tx) =>
    admitOperation(tx, { operationId: backupId, kind: 'backup', tenant: 'acme' }, { perTenant: 9, total: 9 }),
  );
  await on.house.owner.query(`UPDATE open_operations SET opened_at = clock_timestamp() - $2::interval WHERE operation_id = $1`, [
    backupId,
    opened,
  ]);
  return backupId;
}

test('a backup that nobody works on any more gets a job that decides it; one with a job, and a young one, are left alone', async () => {
  const [lost, young, busy] = [await planned('2 minutes'), await planned('10 seconds'), await planned('2 minutes')];
  const job = { jobId: 'j', kind: 'capture', tenant: 'acme', operationId: busy, payload: {} };
  await on.house.database.transaction((tx) => on.house.queue.enqueue(tx, [job]));
  expect((await recover()).resumed).toEqual([lost]);
  expect(await on.house.queue.ofOperation(lost)).toMatchObject([{ kind: 'backup', status: 'queued', payload: { backupId: lost } }]);
  expect(await on.house.queue.ofOperation(young)).toEqual([]);
  expect((await recover()).resumed).toEqual([]);
});

test('before the first backup no repository is made', async () => {
  await on.house.owner.query('DELETE FROM backup_plans');
  expect(await recover()).toEqual({ recorded: [], found: [], resumed: [] });
  expect(existsSync(fileURLToPath(on.house.config.repository.uri))).toBe(false);
});
