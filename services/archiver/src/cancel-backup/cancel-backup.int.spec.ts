/** Cancelling, from the wish in the log to the tombstone in a real repository and the event after it; and the commit that was first. */
import 'reflect-metadata';
import { backupDecider, streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import type { ClaimedJob } from '@dr/jobs';
import { ServiceHealth } from '@dr/service';
import { NestFactory } from '@nestjs/core';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { ArchiverModule } from '../archiver.module.ts';
import { planBackup } from '../plan-backup/plan-backup.ts';
import { sealBackup } from '../seal-backup/seal-backup.ts';
import {
  type Archive,
  archive,
  captureAll,
  eventsOf,
  keyOf,
  meta,
  nextBackupId,
  refsOf,
  requested,
  tenantOf,
  writeDataset,
} from '../testing/archive.ts';
import { CancelBackups } from './cancel-backups.ts';

let on: Archive;
let cancels: CancelBackups;
beforeEach(async () => {
  on = await archive();
  cancels = new CancelBackups(on.house, on.repository);
  writeDataset(on, 'one', { 'a.bin': Buffer.alloc(5000, 'one') });
}, 60_000);
afterEach(() => on.close());

const wish = (backupId: string) =>
  on.house.store.decide(
    streamOf.backup(backupId),
    backupDecider,
    { kind: 'requestCancel', by: 'key_1' },
    { commandId: `cancel-${backupId}`, meta },
  );
const plan = async (event: LoggedEvent) => on.house.database.transaction((tx) => planBackup(on.house, tx, event));
const eventOf = async (backupId: string, type: string) =>
  (await eventsOf(on, backupId)).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent).find((e) => e.type === type)!;
const run = async (backupId: string) => {
  const job = { jobId: `cancel-${backupId}`, tenant: 'acme', payload: { backupId } } as ClaimedJob<{ backupId: string }>;
  const end = await cancels['run'](job);
  await on.house.database.transaction((tx) => end(tx));
};
const typesOf = async (backupId: string) => (await eventsOf(on, backupId)).map(({ type }) => type);
const decisionOf = async (backupId: string) => (await tenantOf(on)).decision(backupId);

async function asked(ids: readonly string[]): Promise<string> {
  const backupId = nextBackupId();
  const command = { kind: 'request', backupId, tenant: 'acme', backupType: 'full', datasets: refsOf(ids), requestedBy: 'key_1' } as const;
  await on.house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `request-${backupId}`, meta });
  return backupId;
}

describe('the plan', () => {
  test('takes waiting and running jobs away and queues one that decides; said again it changes nothing', async () => {
    const backupId = await asked(['one', 'two', 'three']);
    await plan(await eventOf(backupId, 'BackupRequested'));
    const running = (await on.house.queue.claim('capture', 'w', 30_000))!;
    await wish(backupId);
    const event = await eventOf(backupId, 'BackupCancelRequested');
    expect((await plan(event)).map((job) => [job.kind, job.jobId])).toEqual([['cancel', `cancel-${backupId}`]]);
    expect(await on.house.queue.claim('capture', 'w', 30_000)).toBeUndefined();
    await expect(on.house.queue.heartbeat(running, 30_000)).rejects.toMatchObject({ code: 'jobs.lease_lost' });
    expect(await plan(event)).toEqual([]);
    expect(await on.house.queue.find(`cancel-${backupId}`)).toMatchObject({ status: 'queued' });
  });

  test('leaves the jobs of other backups alone', async () => {
    const [backupId, other] = [await asked(['one']), await asked(['one'])];
    await plan(await eventOf(other, 'BackupRequested'));
    await wish(backupId);
    await plan(await eventOf(backupId, 'BackupCancelRequested'));
    expect((await on.house.queue.claim('capture', 'w', 30_000))?.operationId).toBe(other);
  });
});

describe('the decision', () => {
  test('is a tombstone in storage first, then BackupCancelled, without any session', async () => {
    const backupId = await requested(on, ['one']);
    await wish(backupId);
    await run(backupId);
    expect(await decisionOf(backupId)).toMatchObject({ kind: 'tombstone', reason: 'cancelled' });
    expect((await typesOf(backupId)).at(-1)).toBe('BackupCancelled');
  });

  test('ends a session that others are in: what they capture can never be committed', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await on.sessions.use(keyOf(backupId), async ({ session }) => {
      await wish(backupId);
      await run(backupId);
      const manifest = { backupId, tenant: 'acme', type: 'full', datasets: [], createdAtMs: 0, expected: 1 } as const;
      expect(await session.commit(manifest)).toMatchObject({ kind: 'tombstone', reason: 'cancelled' });
    });
    expect((await typesOf(backupId)).at(-1)).toBe('BackupCancelled');
  });

  test('is the commit when that was first, and the backup is completed', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await sealBackup({ store: on.house.store, sessions: on.sessions, now: on.house.now }, backupId);
    await wish(backupId);
    await run(backupId);
    const last = (await eventsOf(on, backupId)).at(-1)!;
    expect([last.type, (last.data as { outcome?: string }).outcome]).toEqual(['BackupSealed', 'completed']);
    expect(await decisionOf(backupId)).toMatchObject({ kind: 'commit' });
  });

  test('a seal that comes after the wish puts the tombstone too', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await wish(backupId);
    const decision = await sealBackup({ store: on.house.store, sessions: on.sessions, now: on.house.now }, backupId);
    expect(decision).toMatchObject({ kind: 'tombstone', reason: 'cancelled' });
    await run(backupId);
    await run(backupId);
    expect(await typesOf(backupId)).toEqual(['BackupRequested', 'BackupStarted', 'BackupCancelRequested', 'BackupCancelled']);
  });

  test('while the repository cannot be opened nothing is recorded, not even by the last try', async () => {
    const backupId = await requested(on, ['one']);
    await wish(backupId);
    const away = Object.assign(new Error('the store is away'), { code: 'store.unavailable' });
    on.repository.open = () => Promise.reject(away);
    await expect(run(backupId)).rejects.toBe(away);
    const job = { jobId: `cancel-${backupId}`, tenant: 'acme', payload: { backupId } } as ClaimedJob<{ backupId: string }>;
    const givenUp = on.house.database.transaction((tx) => cancels['onDead'](tx, job, 'tried too often'));
    await expect(givenUp).rejects.toMatchObject({ code: 'jobs.keep_trying' });
    expect((await typesOf(backupId)).at(-1)).toBe('BackupCancelRequested');
  });
});

test.each(['pending', 'running'])('a wish for a %s backup, written while no archiver ran, comes true when one starts', async (was) => {
  const backupId = was === 'pending' ? await asked(['one']) : await requested(on, ['one']);
  await wish(backupId);
  const app = await NestFactory.createApplicationContext(ArchiverModule.of(on.house, new ServiceHealth(on.house)), { logger: false });
  try {
    await until(async () => {
      await on.house.sealLog();
      return (await typesOf(backupId)).at(-1) === 'BackupCancelled';
    }, 'the backup to be cancelled');
    expect(await decisionOf(backupId)).toMatchObject({ kind: 'tombstone', reason: 'cancelled' });
  } finally {
    await app.close();
  }
});
