/** The last try of a restore: what it began is undone by the job, outside of any transaction, and the data set has its result. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import { type ClaimedJob, type JobContext, KeepTrying } from '@dr/jobs';
import { RepositoryAccess } from '@dr/service';
import type { RestorePayload } from '../plan-restore/plan-restore.ts';
import { planRestore } from '../plan-restore/plan-restore.ts';
import { namesIn, type Restoring, request, restoring, stateOf } from '../testing/restoring.ts';
import { RestoreDatasets } from './restore-datasets.ts';

let on: Restoring;
beforeAll(async () => {
  on = await restoring({ articles: { a: '1' } });
}, 60_000);
afterAll(() => on.house.close());

const context = { signal: new AbortController().signal, progress: () => undefined } as unknown as JobContext;
const away = { open: () => Promise.reject(new Error('the store is away')) } as unknown as RepositoryAccess;

/** The job of a restore at a try, with something staged by the one before. */
async function jobAt(attempts: number, targetTenant: string): Promise<ClaimedJob<RestorePayload>> {
  const id = await request(on, { targetTenant });
  const [event] = await on.house.store.read(streamOf.restore(id));
  await on.house.database.transaction((tx) => planRestore(on.house, tx, { ...event!, position: 1 } as LoggedEvent));
  const job = (await on.house.queue.claim<RestorePayload>('restore', 'spec', 60_000))!;
  const staging = join(on.house.sourceRoot, targetTenant, `.dr-${id}-1-${job.token}`);
  mkdirSync(staging, { recursive: true });
  writeFileSync(join(staging, 'half'), 'half');
  return { ...job, attempts, error: 'the worker vanished' };
}

async function run(job: ClaimedJob<RestorePayload>, repository = away) {
  const end = await new RestoreDatasets(on.house, repository)['run'](job, context);
  await on.house.database.transaction((tx) => end(tx));
  const state = await stateOf(on, job.payload.restoreId);
  return 'results' in state ? state.results.get(1) : undefined;
}

test('a try that is not the last one is thrown, and is made again', async () => {
  await expect(run(await jobAt(4, 'one'))).rejects.toThrow('the store is away');
});

test('the last try that fails gives up: nothing of it is left, and its error is the result', async () => {
  expect(await run(await jobAt(5, 'two'))).toEqual({ ok: false, code: 'restore.failed', message: 'the store is away' });
  expect(namesIn(on, 'two')).toEqual([]);
});

test('a worker that vanished at the last try is followed by one that only gives up', async () => {
  const job = await jobAt(6, 'three');
  const restores = new RestoreDatasets(on.house, away);
  await expect(on.house.database.transaction((tx) => restores['onDead'](tx, job, 'x'))).rejects.toThrow(KeepTrying);
  expect(await run(job)).toMatchObject({ ok: false, message: 'the worker vanished' });
  expect(namesIn(on, 'three')).toEqual([]);
});
