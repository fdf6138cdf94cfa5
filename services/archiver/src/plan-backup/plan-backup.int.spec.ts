/** The process manager of backups on the real PostgreSQL: each event has its effect once, the last result queues the seal. */

import { uuidv7 } from '@dr/config';
import { backupDecider, captureDecider, streamOf } from '@dr/domain';
import { EventStore, type LoggedEvent, migrate, openDatabase, rows } from '@dr/event-store';
import { admitOperation, JobQueue, jobMigrations, openOperations } from '@dr/jobs';
import type { DataSource } from 'typeorm';
import { freshDatabase, type TestDatabase } from '../../../../test/support/servers.ts';
import { migrations } from '../migrations.ts';
import { planBackup } from './plan-backup.ts';

let server: TestDatabase;
let admin: DataSource;
let database: DataSource;
let store: EventStore;
let queue: JobQueue;
let clock = 1_764_000_000_000;

beforeAll(async () => {
  server = await freshDatabase();
  admin = await openDatabase({ url: server.adminUrl, applicationName: 'test-admin', poolMax: 2 });
  await migrate(admin, [...jobMigrations, ...migrations]);
  database = await openDatabase({ url: server.appUrl, applicationName: 'test', poolMax: 3 });
  store = new EventStore(database, { now: () => clock++, newEventId: () => uuidv7(clock++) });
  queue = new JobQueue(database);
}, 60_000);

afterAll(async () => {
  await database.destroy();
  await admin.destroy();
  await server.drop();
});

const meta = { tenant: 'acme', requestId: 'r', actor: 'test' };
let number = 0;

async function requested(count: number): Promise<{ backupId: string; event: LoggedEvent }> {
  const backupId = `backup_20260101_000000_${String(++number).padStart(8, '0')}`;
  const datasets = Array.from({ length: count }, (_, i) => ({
    n: i + 1,
    datasetId: `d${i + 1}`,
    format: 'v4' as const,
    path: `acme/d${i + 1}`,
  }));
  const command = { kind: 'request', backupId, tenant: 'acme', backupType: 'full', datasets, requestedBy: 'key' } as const;
  await store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `request-${backupId}`, meta });
  return { backupId, event: (await logged(streamOf.backup(backupId)))[0]! };
}

async function ended(backupId: string, n: number, ok: boolean): Promise<LoggedEvent> {
  const common = { backupId, n, datasetId: `d${n}`, findings: [] };
  const counts = { objects: 1, bytes: 1, newBytes: 1, storedBytes: 1, rows: 1 };
  const command = ok
    ? ({ kind: 'recordCaptured', ...common, ...counts, format: 'v4', root: 'ab', branches: [], tags: [] } as const)
    : ({ kind: 'recordFailed', ...common, code: 'capture.failed', message: 'gone' } as const);
  const stream = streamOf.capture(backupId, n);
  await store.decide(stream, captureDecider, command, { commandId: `${stream}`, meta });
  return (await logged(stream))[0]!;
}

const logged = async (stream: string) => (await store.read(stream)).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent);
const plan = (event: LoggedEvent) => database.transaction((tx) => planBackup({ store, queue }, tx, event));
const jobsOf = async (backupId: string) =>
  (await rows<{ job_id: string }>(database, 'SELECT job_id FROM jobs WHERE operation_id = $1 ORDER BY job_id', [backupId])).map(
    (r) => r.job_id,
  );
const stateOf = async (backupId: string) => (await store.load(streamOf.backup(backupId), backupDecider)).state;

test('a request becomes one job per data set, and the backup runs', async () => {
  const { backupId, event } = await requested(3);
  const jobs = await plan(event);
  expect(jobs.map((job) => [job.kind, job.jobId])).toEqual([1, 2, 3].map((n) => ['capture', `capture-${backupId}-${n}`]));
  expect(await jobsOf(backupId)).toEqual(jobs.map((job) => job.jobId));
  expect((await stateOf(backupId)).status).toBe('running');
});

test('a request seen again queues nothing and says nothing new', async () => {
  const { backupId, event } = await requested(2);
  await plan(event);
  expect(await plan(event)).toEqual([]);
  expect((await jobsOf(backupId)).length).toBe(2);
  expect((await store.read(streamOf.backup(backupId))).map((e) => e.type)).toEqual(['BackupRequested', 'BackupStarted']);
});

test('the request of a backup that has ended queues nothing, when its jobs are forgotten and the log is read again', async () => {
  const { backupId, event } = await requested(2);
  const decision = { kind: 'tombstone', backupId, reason: 'failed', code: 'x.y', message: 'z' } as const;
  await store.decide(
    streamOf.backup(backupId),
    backupDecider,
    { kind: 'recordDecision', decision },
    { commandId: `end-${backupId}`, meta },
  );
  expect(await plan(event)).toEqual([]);
  expect(await jobsOf(backupId)).toEqual([]);
});

test.each([false, true])(
  'a history is read again when the tables were lost (known to be past: %j): only its copies are remembered',
  async (isPast) => {
    const { backupId, event } = await requested(2);
    await plan(event);
    const captures = [await ended(backupId, 1, true), await ended(backupId, 2, true)];
    for (const capture of captures) await plan(capture);
    const datasets = [1, 2].map((n) => ({ datasetId: `d${n}`, status: 'completed' }));
    const sizes = { objects: 1, bytes: 1, newBytes: 1, storedBytes: 1 };
    const decision = {
      kind: 'commit',
      backupId,
      checksum: 'c',
      storagePath: 'p',
      committedAt: '2026-01-01T00:00:01.000Z',
      ...sizes,
      datasets,
    } as const;
    await store.decide(
      streamOf.backup(backupId),
      backupDecider,
      { kind: 'recordDecision', decision },
      { commandId: `end-${backupId}`, meta },
    );
    for (const table of ['jobs', 'backup_plans', 'capture_bases']) await admin.query(`DELETE FROM ${table}`);
    const [request, ...rest] = await logged(streamOf.backup(backupId));
    for (const past of [request!, ...captures, ...rest])
      expect(await database.transaction((tx) => planBackup({ store, queue }, tx, past, isPast))).toEqual([]);
    expect(await jobsOf(backupId)).toEqual([]);
    const copies = await rows<{ n: number }>(
      database,
      'SELECT n FROM capture_bases WHERE backup_id = $1 AND sealed_at IS NOT NULL ORDER BY n',
      [backupId],
    );
    expect(copies).toEqual([{ n: 1 }, { n: 2 }]);
    expect((await store.read(streamOf.backup(backupId))).map(({ type }) => type)).toEqual([request!.type, ...rest.map(({ type }) => type)]);
  },
);

test.each([
  [[true, true, true], { done: 3, failed: 0 }],
  [[true, false, true], { done: 2, failed: 1 }],
  [[false, false, false], { done: 0, failed: 3 }],
])('results %j are counted, and only the last one queues the seal', async (results, captures) => {
  const { backupId, event } = await requested(3);
  await plan(event);
  const queued = [];
  for (const [i, ok] of results.entries()) queued.push((await plan(await ended(backupId, i + 1, ok))).map((job) => job.jobId));
  expect(queued).toEqual([[], [], [`seal-${backupId}`]]);
  expect(await stateOf(backupId)).toMatchObject({ status: 'running', captures });
});

test('what fails in the same transaction leaves neither job nor count nor event', async () => {
  const { backupId, event } = await requested(1);
  const failing = database.transaction(async (tx) => {
    await planBackup({ store, queue }, tx, event);
    throw new Error('the checkpoint was moved');
  });
  await expect(failing).rejects.toThrow('the checkpoint was moved');
  expect(await jobsOf(backupId)).toEqual([]);
  expect((await stateOf(backupId)).status).toBe('pending');
});

test.each(['BackupSealed', 'BackupFailed', 'BackupCancelled'])('%s makes room for another operation', async (type) => {
  const { backupId, event } = await requested(1);
  const operation = { operationId: backupId, kind: 'backup', tenant: 'acme' } as const;
  await database.transaction((tx) => admitOperation(tx, operation, { perTenant: 100, total: 100 }));
  await plan(event);
  expect(await openOperations(database, 'backup')).toEqual([operation]);
  await plan({ ...event, type, data: {} } as unknown as LoggedEvent);
  expect(await openOperations(database, 'backup')).toEqual([]);
});

test('events of other aggregates are none of its business', async () => {
  const { event } = await requested(1);
  expect(await plan({ ...event, type: 'BackupVerified', data: {} } as unknown as LoggedEvent)).toEqual([]);
});
