/** The restorer as a Nest app: from the request in the log to the end of the restore, on real servers and a real disk. */
import 'reflect-metadata';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hook } from '@dr/config';
import { streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import { type House, ServiceHealth } from '@dr/service';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { until } from '../../../libs/service/src/testing/test-house.ts';
import { planRestore, type RestorePayload } from './plan-restore/plan-restore.ts';
import { measuredRate } from './restore-dataset/rate.ts';
import { RestorerModule } from './restorer.module.ts';
import { cancel, contentOf, ended, namesIn, put, type Restoring, request, restoring, stateOf } from './testing/restoring.ts';

const finding = { format: 'opaque', code: 'F1', severity: 'error', path: 'gone', message: 'it could not be read' } as const;

let on: Restoring;
let health: ServiceHealth;
let app: INestApplicationContext | undefined;
const start = async (afterRestore: Hook[] = []) => {
  const { config } = on.house;
  const hooked = { ...config, backup: { ...config.backup, hooks: { ...config.backup.hooks, afterRestore } } };
  const house: House = { ...on.house, config: hooked };
  health = new ServiceHealth(house);
  app = await NestFactory.createApplicationContext(RestorerModule.of(house, health), { logger: false });
};

beforeAll(async () => {
  const big = Buffer.alloc(30_000_000, 'tributary ');
  on = await restoring({ articles: { 'a.txt': 'restored' }, notes: { big } }, { notes: { status: 'partial', findings: [finding] } });
}, 60_000);
afterAll(() => on.house.close());
beforeEach(() => start());
afterEach(() => app?.close());

const resultsOf = (state: Awaited<ReturnType<typeof ended>>) => [...state.results].sort(([a], [b]) => a - b).map(([, result]) => result);

test('what the backup holds with loss is restored and told as partial, what it lacks is named', async () => {
  const id = await request(on, { targetTenant: 'copy', lacking: [{ datasetId: 'gone', cause: 'its disk failed' }] });
  const state = await ended(on, id);
  expect(state).toMatchObject({
    status: 'partial',
    ended: { done: 2, failed: 0, message: expect.stringContaining('gone (its disk failed)') },
  });
  expect(resultsOf(state)).toEqual([
    { ok: true, to: 'articles' },
    { ok: true, to: 'notes', lacks: expect.stringContaining('it could not be read') },
  ]);
  expect(namesIn(on, 'copy')).toEqual(['articles', 'notes']);
  expect(await measuredRate(on.house.database)).toBeGreaterThan(0);
  await until(async () => (await health.report()).ok, 'every worker of the service to be well');
}, 60_000);

test('a target that changed since the plan is left as it is, unless forced', async () => {
  put(on, 'changed/articles/a.txt', 'written meanwhile');
  const overwrite = { overwriteExisting: true };
  const wish = { targetTenant: 'changed', planned: { articles: 'another' }, options: overwrite };
  const state = await ended(on, await request(on, wish));
  expect(resultsOf(state)[0]).toMatchObject({ ok: false, code: 'restore.target_changed' });
  expect(contentOf(on, 'changed/articles/a.txt')).toBe('written meanwhile');
  await ended(on, await request(on, { ...wish, options: { ...overwrite, force: true } }));
  expect(contentOf(on, 'changed/articles/a.txt')).toBe('restored');
  expect(namesIn(on, 'changed')).toEqual(['articles', 'notes']);
}, 60_000);

test('two restores onto one place: one of them takes it, the other says so', async () => {
  const [one, two] = [await request(on, { targetTenant: 'both' }), await request(on, { targetTenant: 'both' })];
  const states = [await ended(on, one), await ended(on, two)];
  expect(states.map(({ status }) => status)).toEqual(['partial', 'failed']);
  expect(resultsOf(states[1]!)).toEqual([1, 2].map(() => expect.objectContaining({ code: 'restore.target_busy' })));
}, 60_000);

test('a cancel while it stages: the restore ends cancelled, no target, no staging', async () => {
  const id = await request(on, { targetTenant: 'never' });
  await until(async () => {
    await on.house.sealLog();
    return namesIn(on, 'never').some((name) => name.startsWith('.dr-'));
  }, 'the staging');
  await cancel(on, id);
  expect((await ended(on, id)).status).toBe('cancelled');
  expect(namesIn(on, 'never')).toEqual([]);
}, 60_000);

test('a cancel while no restorer runs is carried out by the next one, which clears away what the dead one had staged', async () => {
  await app!.close();
  app = undefined;
  const id = await request(on, { targetTenant: 'dead' });
  const [event] = await on.house.store.read(streamOf.restore(id));
  await on.house.database.transaction((tx) => planRestore(on.house, tx, { ...event!, position: 1 } as LoggedEvent));
  const { token, payload } = (await on.house.queue.claim<RestorePayload>('restore', 'dead', 1))!;
  const staging = join(on.house.sourceRoot, 'dead', `.dr-${id}-${payload.dataset.n}-${token}`);
  mkdirSync(staging, { recursive: true });
  writeFileSync(join(staging, 'half'), 'half');
  await cancel(on, id);
  expect((await stateOf(on, id)).status).toBe('running');
  await start();
  expect((await ended(on, id)).status).toBe('cancelled');
  expect(namesIn(on, 'dead')).toEqual([]);
}, 60_000);

describe('with hooks', () => {
  const withHooks = async (afterRestore: Hook[]) => {
    await app!.close();
    await start(afterRestore);
  };

  test('they run once, after everything is in place, and are in the record', async () => {
    const log = join(on.house.sourceRoot, 'hooks.log');
    const command = ['sh', '-c', `ls ${on.house.sourceRoot}/$DR_TARGET_TENANT/articles/a.txt >> ${log}`];
    await withHooks([{ command }, { command: ['false'], on_error: 'continue' }]);
    const state = await ended(on, await request(on, { targetTenant: 'hooked' }));
    expect(state.hooks).toMatchObject([
      { name: 'sh', ok: true },
      { name: 'false', ok: false, blocking: false },
    ]);
    expect(readFileSync(log, 'utf8').trim().split('\n')).toHaveLength(1);
  }, 60_000);

  test('one that fails makes the restore partial and is named', async () => {
    await withHooks([{ command: ['false'] }]);
    const state = await ended(on, await request(on, { targetTenant: 'unhooked' }));
    expect(state).toMatchObject({
      status: 'partial',
      ended: { message: expect.stringContaining('Hook false failed: it ended with exit code 1') },
    });
    expect(namesIn(on, 'unhooked')).toEqual(['articles', 'notes']);
  }, 60_000);

  test('nothing runs after a restore that put nothing in place', async () => {
    await withHooks([{ command: ['false'] }]);
    put(on, 'busy/articles/x', 'x');
    put(on, 'busy/notes/x', 'x');
    const state = await ended(on, await request(on, { targetTenant: 'busy' }));
    expect([state.status, state.hooks]).toEqual(['failed', undefined]);
  }, 60_000);
});
