/** A repository that is full for one tenant: its backup waits and says so, another tenant's ends, and when there is space it ends by itself. */
import { backupDecider, streamOf } from '@dr/domain';
import { JobQueue } from '@dr/jobs';
import type { Repository } from '@dr/repository';
import type { House } from '@dr/service';
import { StoreFull } from '@dr/storage';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { type Archive, archive, nextBackupId, refsOf } from '../testing/archive.ts';
import { SealBackups } from './seal-backups.ts';

let on: Archive;
let house: House;
let seals: SealBackups;
let isFull = true;
beforeAll(async () => {
  on = await archive();
  house = { ...on.house, queue: new JobQueue(on.house.database, { deferMs: 50, retryMs: () => 60_000 }) } as House;
  const full = { open: async () => fullFor('acme', await on.repository.open()) };
  seals = new SealBackups(house, on.sessions, full as never);
  await seals.onApplicationBootstrap();
}, 60_000);
afterAll(async () => {
  await seals.onApplicationShutdown();
  await on.close();
});

/** Everything of one tenant meets a full store. */
function fullFor(name: string, repository: Repository): Pick<Repository, 'tenant'> {
  const refuse = () => {
    throw new StoreFull('backups/x', 'the store', new Error('ENOSPC'));
  };
  return { tenant: async (tenant, options) => (isFull && tenant === name ? refuse() : repository.tenant(tenant, options)) };
}

/** A backup whose captures have failed, as they do in a full repository. */
async function failed(tenant: string): Promise<string> {
  const backupId = nextBackupId();
  const meta = { tenant, requestId: 'r', actor: 'spec' };
  const request = { kind: 'request', backupId, tenant, backupType: 'full', datasets: refsOf(['one']), requestedBy: 'key_1' } as const;
  await house.store.decide(streamOf.backup(backupId), backupDecider, request, { commandId: `request-${backupId}`, meta });
  const job = { jobId: `seal-${backupId}`, kind: 'backup', tenant, operationId: backupId, payload: { backupId }, attemptsMax: 2 };
  await house.database.transaction((tx) => house.queue.enqueue(tx, [job]));
  return backupId;
}

const statusOf = async (backupId: string) => (await house.store.load(streamOf.backup(backupId), backupDecider)).state.status;

test('a backup in a full repository waits, beyond its last try, delays nobody, and ends when there is space', async () => {
  const waiting = await failed('acme');
  const tries = () => house.queue.find(`seal-${waiting}`);
  await until(async () => (await tries())!.attempts > 3, 'more tries than it has');
  expect(await tries()).toMatchObject({ errorCode: 'store.full', error: expect.stringMatching(/is full.*Free space/) });
  expect(await statusOf(waiting)).toBe('pending');
  const other = await failed('globex');
  await until(async () => (await statusOf(other)) === 'failed', "the other tenant's end");
  isFull = false;
  await until(async () => (await statusOf(waiting)) === 'failed', 'the end');
  expect(await tries()).toMatchObject({ status: 'done' });
});
