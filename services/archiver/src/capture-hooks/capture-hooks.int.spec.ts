/** Hooks around captures in a running archiver: in order, once per attempt, whatever becomes of the capture, with failures as findings. */
import 'reflect-metadata';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Hook } from '@dr/config';
import { backupDecider, captureDecider, streamOf } from '@dr/domain';
import { type LoggedEvent, rows } from '@dr/event-store';
import { type House, ServiceHealth } from '@dr/service';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { isRunning } from '../../../../libs/service/src/testing/is-running.ts';
import { type TestHouse, testHouse, until } from '../../../../libs/service/src/testing/test-house.ts';
import { ArchiverModule } from '../archiver.module.ts';
import { migrations } from '../migrations.ts';
import { type CapturePayload, planBackup } from '../plan-backup/plan-backup.ts';
import { meta, nextBackupId, refsOf, writeDataset } from '../testing/archive.ts';

let house: TestHouse;
let app: INestApplicationContext | undefined;
let log: string;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver', migrations, env: { BACKUP_SLICE_BYTES: '1000' } });
  log = join(house.sourceRoot, '..', `hooks-${process.pid}.log`);
  writeDataset({ house }, 'one', { 'a.bin': Buffer.alloc(5_000, 'one') });
  writeDataset({ house }, 'two', { 'b.bin': 'two' });
}, 60_000);
afterAll(async () => {
  rmSync(log, { force: true });
  await house.close();
});
beforeEach(() => rmSync(log, { force: true }));
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function start(hooks: { pre?: Hook[]; post?: Hook[] }): Promise<void> {
  const backup = { ...house.config.backup, hooks: { pre: [], post: [], afterRestore: [], ...hooks } };
  const hooked = { ...house, config: { ...house.config, backup } } as House;
  app = await NestFactory.createApplicationContext(ArchiverModule.of(hooked, new ServiceHealth(hooked)), { logger: false });
}

const tell: Hook = { command: ['sh', '-c', `echo "$DR_HOOK $DR_DATASET_ID $DR_ATTEMPT $DR_OUTCOME" >> "$0"`, ''] };
const telling = (more: Partial<Hook> = {}): Hook => ({ command: [...tell.command!.slice(0, 3), log], ...more });
const told = () => {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
};

async function request(ids: readonly string[]): Promise<string> {
  const backupId = nextBackupId();
  const command = { kind: 'request', backupId, tenant: 'acme', backupType: 'full', datasets: refsOf(ids), requestedBy: 'key_1' } as const;
  await house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `request-${backupId}`, meta });
  return backupId;
}

async function ended(backupId: string) {
  return until(async () => {
    await house.sealLog();
    const { state } = await house.store.load(streamOf.backup(backupId), backupDecider);
    return state.status !== 'absent' && state.status !== 'pending' && state.status !== 'running' && state;
  }, 'the end of the backup');
}

async function captureOf(backupId: string, n = 1) {
  const { state } = await house.store.load(streamOf.capture(backupId, n), captureDecider);
  if (state.status === 'absent') throw new Error('it was not captured');
  return state;
}

/** Of ours. */
async function codes(backupId: string): Promise<string[][]> {
  const { findings } = (await captureOf(backupId)).result;
  return findings.filter(({ code }) => code.startsWith('W')).map(({ code, severity }) => [code, severity]);
}

test('before and after each data set, which is captured in one go; no finding when all went well', async () => {
  await start({ pre: [telling()], post: [telling()] });
  const backupId = await request(['one', 'two']);
  expect((await ended(backupId)).status).toBe('completed');
  const lines = told();
  for (const id of ['one', 'two']) expect(lines.filter((line) => line.includes(id))).toEqual([`pre ${id} 1 `, `post ${id} 1 completed`]);
  expect(await codes(backupId)).toEqual([]);
  expect((await house.queue.ofOperation(backupId)).map(({ jobId }) => jobId).filter((id) => id.includes('slice'))).toEqual([]);
});

test('a pre hook that fails fails its data set at once, is its reason, and the post hooks run all the same', async () => {
  const pre = { command: ['sh', '-c', 'test "$DR_DATASET_ID" != two || { echo busy >&2; exit 1; }'] };
  await start({ pre: [pre], post: [telling()] });
  const backupId = await request(['one', 'two']);
  expect(await ended(backupId)).toMatchObject({ status: 'partial', sealed: { missing: [{ datasetId: 'two' }] } });
  const { result } = await captureOf(backupId, 2);
  expect(result).toMatchObject({ code: 'capture.hook_failed', message: expect.stringContaining('exit code 1: busy') });
  expect(told()).toContain('post two 1 failed');
});

test('on_error: continue makes a warning of it, of a post hook too; without it a post hook is an error', async () => {
  const fails = { command: ['false'] };
  await start({ pre: [{ ...fails, on_error: 'continue' }], post: [{ ...fails, on_error: 'continue' }] });
  const warned = await request(['one']);
  expect((await ended(warned)).status).toBe('completed');
  expect(await codes(warned)).toEqual([
    ['W6', 'warning'],
    ['W7', 'warning'],
  ]);
  await app!.close();
  await start({ post: [fails] });
  const partial = await request(['one']);
  expect((await ended(partial)).status).toBe('partial');
  expect(await codes(partial)).toEqual([['W7', 'error']]);
});

test('after a capture that fails the post hook knows it, and each further attempt has its own', async () => {
  await start({ pre: [telling()], post: [telling()] });
  const backupId = await request(['gone']);
  expect((await ended(backupId)).status).toBe('failed');
  expect(told()).toEqual(['pre gone 1 ', 'post gone 1 failed']);
});

/** Claims the job as archivers do that die at it, `times` times. */
async function diesAt(backupId: string, times: number): Promise<void> {
  const [event] = await house.store.read(streamOf.backup(backupId));
  await house.database.transaction((tx) => planBackup(house, tx, { ...event!, position: 1 } as LoggedEvent));
  for (let n = 0; n < times; n += 1) {
    await until(() => house.queue.claim<CapturePayload>('capture', 'dead', 1), 'the lease to run out');
  }
}

test('an attempt whose archiver died has no post hook, the next one has both', async () => {
  const backupId = await request(['one']);
  await diesAt(backupId, 1);
  await start({ pre: [telling()], post: [telling()] });
  expect((await ended(backupId)).status).toBe('completed');
  expect(told()).toEqual(['pre one 2 ', 'post one 2 completed']);
});

test('when the archiver died in every attempt, the post hooks run before the data set is given up', async () => {
  const backupId = await request(['one']);
  await diesAt(backupId, 5);
  await house.database.query(`UPDATE jobs SET available_at = clock_timestamp() WHERE operation_id = $1`, [backupId]);
  await start({ post: [telling()] });
  await until(async () => (await rows<{ status: string }>(house.database, WAITING, [backupId])).length > 0, 'the job to wait');
  await house.database.query(`UPDATE jobs SET available_at = clock_timestamp() WHERE operation_id = $1`, [backupId]);
  expect((await ended(backupId)).status).toBe('failed');
  expect(told()).toEqual(['post one 6 none']);
  expect((await captureOf(backupId)).result).toMatchObject({ code: 'capture.failed', message: expect.stringContaining('died in each') });
});

const WAITING = `SELECT status FROM jobs WHERE operation_id = $1 AND status = 'queued' AND kind = 'capture'`;

test('a cancel ends a hook that runs, and post hooks come after it', async () => {
  const pid = join(house.sourceRoot, '..', `hook-${process.pid}.pid`);
  await start({ pre: [{ command: ['sh', '-c', `echo $$ > ${pid}; exec sleep 600`] }], post: [telling()] });
  const backupId = await request(['one']);
  const running = await until(async () => {
    await house.sealLog();
    try {
      return Number(readFileSync(pid, 'utf8')) || undefined;
    } catch {
      return undefined;
    }
  }, 'the hook');
  rmSync(pid);
  const cancel = { kind: 'requestCancel', by: 'key_1' } as const;
  await house.store.decide(streamOf.backup(backupId), backupDecider, cancel, { commandId: `cancel-${backupId}`, meta });
  expect((await ended(backupId)).status).toBe('cancelled');
  await until(() => !isRunning(running), 'the end of the hook');
  await until(() => told().includes('post one 1 none'), 'the post hook');
});
