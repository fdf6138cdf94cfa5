/** What an unfinished backup says of a job that waits for its next try. */
import { JobQueue } from '@dr/jobs';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { findBackup, listBackups } from './backups.queries.ts';

let house: TestHouse;
let queue: JobQueue;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
  queue = new JobQueue(house.database, { retryMs: () => 60_000, deferMs: 60_000 });
}, 60_000);
afterAll(() => house.close());

async function backup(backupId: string, status: string): Promise<void> {
  const sql = `INSERT INTO catalog_backups (backup_id, tenant, requested_at, type, status, dataset_ids, doc)
               VALUES ($1, 'acme', now(), 'full', $2, '{one}', '{"expected": 1, "created_by": "k", "parent_id": null}')`;
  await house.owner.query(sql, [backupId, status]);
}

async function failedTry(backupId: string, failure: { error: string; code?: string }): Promise<void> {
  const job = { jobId: `${backupId} ${failure.error}`, kind: backupId, tenant: 'acme', operationId: backupId, payload: {} };
  await house.database.transaction((tx) => queue.enqueue(tx, [job]));
  await queue.fail((await queue.claim(backupId, 'w', 30_000))!, failure, async () => undefined);
}

const shown = async (backupId: string) => {
  const found = await findBackup(house.database, backupId, { allTenants: true });
  return [found?.['status'], found?.['error_code'], found?.['error_message']];
};

test('a full repository is told first, as what is waited for', async () => {
  await backup('b1', 'running');
  await failedTry('b1', { error: 'reading failed', code: 'source.unavailable' });
  await failedTry('b1', { error: 'the store is full. Free space', code: 'store.full' });
  expect(await shown('b1')).toEqual(['running', 'store.full', 'Waiting for space: the store is full. Free space']);
});

test('any other failed try is told as such, in lists too', async () => {
  await backup('b2', 'pending');
  await failedTry('b2', { error: 'it broke' });
  expect(await shown('b2')).toEqual(['pending', null, 'Trying again: it broke']);
  const { backups } = await listBackups(house.database, { scope: { allTenants: true }, limit: 10 });
  expect(backups.map((b) => (b as Record<string, unknown>)['error_message'])).toContain('Trying again: it broke');
});

test('a backup without trouble, and one that has ended, say nothing of it', async () => {
  await backup('b3', 'running');
  expect(await shown('b3')).toEqual(['running', null, null]);
  await backup('b4', 'completed');
  await failedTry('b4', { error: 'of no interest any more' });
  expect(await shown('b4')).toEqual(['completed', null, null]);
});
