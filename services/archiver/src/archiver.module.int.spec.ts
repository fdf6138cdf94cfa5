/** The archiver as a Nest app: from the request in the log to the end of the backup, and down again without leaving anything running. */
import 'reflect-metadata';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BackupType, backupDecider, captureDecider, streamOf } from '@dr/domain';
import { type House, RepositoryAccess, ServiceHealth } from '@dr/service';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { type TestHouse, testHouse, until } from '../../../libs/service/src/testing/test-house.ts';
import { ArchiverModule } from './archiver.module.ts';
import { CaptureDatasets } from './capture-dataset/capture-datasets.ts';
import { migrations } from './migrations.ts';
import { meta, nextBackupId, refsOf, writeDataset } from './testing/archive.ts';

let house: TestHouse;
let health: ServiceHealth;
let app: INestApplicationContext;
let isClosed: boolean;
beforeEach(async () => {
  house = await testHouse({ service: 'archiver', migrations, env: { BACKUP_SLICE_BYTES: '500000' } });
  health = new ServiceHealth(house as House);
  app = await NestFactory.createApplicationContext(ArchiverModule.of(house, health), { logger: false });
  isClosed = false;
}, 60_000);
const close = async () => {
  if (!isClosed) await app.close();
  isClosed = true;
};
afterEach(async () => {
  await close();
  await house.close();
});

async function request(ids: readonly string[], backupType: BackupType = 'full'): Promise<string> {
  const backupId = nextBackupId();
  const command = { kind: 'request', backupId, tenant: 'acme', backupType, datasets: refsOf(ids), requestedBy: 'key_1' } as const;
  await house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `request-${backupId}`, meta });
  return backupId;
}

const statusOf = async (backupId: string) => (await house.store.load(streamOf.backup(backupId), backupDecider)).state.status;
const ended = (backupId: string) =>
  until(async () => {
    await house.sealLog();
    const status = await statusOf(backupId);
    return status !== 'pending' && status !== 'running' && status;
  }, 'the end of the backup');

test('a request in the log becomes a sealed backup, and the service is well', async () => {
  writeDataset({ house }, 'one', { 'a.bin': 'one' });
  writeDataset({ house }, 'two', { 'b.bin': 'two' });
  const backupId = await request(['one', 'two']);
  expect(await ended(backupId)).toBe('completed');
  const report = await until(async () => (await health.report()).ok && health.report(), 'the service to be well');
  expect(report).toEqual({ service: 'archiver', ok: true, problems: [] });
  expect(house.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

const captureOf = async (backupId: string, n = 1) => {
  const { state } = await house.store.load(streamOf.capture(backupId, n), captureDecider);
  if (state.status !== 'captured') throw new Error(`data set ${n} of ${backupId} is ${state.status}`);
  return state.result;
};
const commitOf = async (backupId: string) => (await (await app.get(RepositoryAccess).open()).tenant('acme')).commit(backupId);

test('an incremental builds on the newest backup, a differential on the newest full; what has none is read in full, and each says so', async () => {
  writeDataset({ house }, 'one', { 'a.bin': Buffer.alloc(300_000, 'a') });
  const ids: string[] = [];
  for (const type of ['incremental', 'incremental', 'differential', 'full', 'differential'] as const) {
    const backupId = await request(['one'], type);
    expect(await ended(backupId)).toBe('completed');
    ids.push(backupId);
  }
  const [first, second, , full] = ids;
  const bases = await Promise.all(ids.map(async (id) => (await captureOf(id)).baseBackupId));
  expect(bases).toEqual([undefined, first, first, undefined, full]);
  expect(await Promise.all(ids.map(async (id) => (await commitOf(id)).parentId))).toEqual(bases);
  expect(new Set(await Promise.all(ids.map(async (id) => (await captureOf(id)).root))).size).toBe(1);
  expect(await captureOf(second!)).toMatchObject({ newBytes: 0, storedBytes: 0, bytes: 300_002 });
});

test('a huge data set is captured by jobs for its slices, and comes together unchanged', async () => {
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`f${n}.bin`, Buffer.alloc(100_000, `file ${n}`)]));
  writeDataset({ house }, 'large', files);
  const backupId = await request(['large']);
  expect(await ended(backupId)).toBe('completed');
  expect(await captureOf(backupId)).toMatchObject({ objects: 21, bytes: 2_000_002, intact: true });
  const jobs = (await house.queue.ofOperation(backupId)).map(({ jobId }) => jobId.replace(`-${backupId}`, ''));
  expect(jobs).toEqual([
    'capture-1',
    'capture-1-slice-1',
    'capture-1-slice-2',
    'capture-1-slice-3',
    'capture-1-slice-4',
    'capture-1-slice-5',
    'capture-1-together',
    'seal',
  ]);
  const whole = await request(['large'], 'incremental');
  await ended(whole);
  expect(await captureOf(whole)).toMatchObject({ root: (await captureOf(backupId)).root, storedBytes: 0 });
});

test('a backup that was deleted is not built on', async () => {
  writeDataset({ house }, 'one', { 'a.bin': 'a' });
  const first = await request(['one'], 'incremental');
  await ended(first);
  const deletion = { kind: 'requestDelete', by: 'key_1', force: false } as const;
  await house.store.decide(streamOf.backup(first), backupDecider, deletion, { commandId: `delete-${first}`, meta });
  const without = await request(['one'], 'incremental');
  await ended(without);
  expect((await captureOf(without)).baseBackupId).toBeUndefined();
});

test('a backup whose last verification failed is not built on, and is again when a later one passed', async () => {
  writeDataset({ house }, 'one', { 'a.bin': 'a' });
  const first = await request(['one'], 'incremental');
  await ended(first);
  const verify = (ok: boolean) => {
    const command = { kind: 'recordVerification', verificationId: `v-${ok}`, ok, at: '2026-01-01T00:00:02.000Z' } as const;
    return house.store.decide(streamOf.backup(first), backupDecider, command, { commandId: `verify-${ok}-${first}`, meta });
  };
  await verify(false);
  const without = await request(['one'], 'incremental');
  await ended(without);
  expect((await captureOf(without)).baseBackupId).toBeUndefined();
  const deletion = { kind: 'requestDelete', by: 'key_1', force: false } as const;
  await house.store.decide(streamOf.backup(without), backupDecider, deletion, { commandId: `delete-${without}`, meta });
  await verify(true);
  const again = await request(['one'], 'incremental');
  await ended(again);
  expect((await captureOf(again)).baseBackupId).toBe(first);
});

test('an incremental says in its event and in its commit what became of the data set since its base; a full does not', async () => {
  writeDataset({ house }, 'told', { 'a.bin': Buffer.alloc(3_000, 'a'), gone: 'x' });
  const full = await request(['told'], 'full');
  await ended(full);
  writeDataset({ house }, 'told', { 'a.bin': Buffer.alloc(2_000, 'b'), 'c/new': 'new' });
  rmSync(join(house.sourceRoot, 'acme/told/gone'));
  const changed = await request(['told'], 'incremental');
  await ended(changed);
  const changes = {
    change: 'changed',
    exact: true,
    added: { files: 1, bytes: 3 },
    changed: { files: 1, bytes: 2_000 },
    removed: { files: 1, bytes: 1 },
  };
  expect((await captureOf(changed)).changes).toEqual(changes);
  expect((await commitOf(changed)).datasets[0]).toMatchObject({ changes });
  expect((await captureOf(full)).changes).toBeUndefined();
  const same = await request(['told'], 'incremental');
  await ended(same);
  expect((await captureOf(same)).changes).toMatchObject({ change: 'unchanged', added: { files: 0, bytes: 0 } });
});

test('a base whose commit is gone from storage is passed over', async () => {
  writeDataset({ house }, 'one', { 'a.bin': 'a' });
  const first = await request(['one'], 'incremental');
  await ended(first);
  const second = await request(['one'], 'incremental');
  await ended(second);
  const { storagePath } = await commitOf(second);
  rmSync(join(fileURLToPath(house.config.repository.uri), storagePath));
  const last = await request(['one'], 'incremental');
  await ended(last);
  expect((await captureOf(last)).baseBackupId).toBe(first);
});

test('stopped, it takes no more work, and its repository is closed after its workers', async () => {
  writeDataset({ house }, 'one', { 'a.bin': 'one' });
  await ended(await request(['one']));
  const repository = await app.get(RepositoryAccess).open();
  let [busy, busyAtClose] = [true, true];
  const [closeRepository, stop] = [repository.close.bind(repository), app.get(CaptureDatasets)['stop']!];
  app.get(CaptureDatasets)['stop'] = async () => {
    await stop();
    busy = false;
  };
  repository.close = async () => {
    busyAtClose = busy;
    await closeRepository();
  };
  await close();
  expect(busyAtClose).toBe(false);
  const late = await request(['one']);
  await house.sealLog();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(await statusOf(late)).toBe('pending');
});
