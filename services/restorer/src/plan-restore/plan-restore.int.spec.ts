/** The process manager of restores on the real PostgreSQL: jobs once, places taken once, the end when the last result is there, cancels at every moment. */
import { restoreDecider, streamOf, verificationDecider } from '@dr/domain';
import { type LoggedEvent, rows } from '@dr/event-store';
import { cancel, type Restoring, request, restoring, stateOf } from '../testing/restoring.ts';
import { planRestore } from './plan-restore.ts';
import { busyTargets } from './targets.ts';

let on: Restoring;
beforeAll(async () => {
  on = await restoring({ articles: { a: '1' }, 'team/notes': { b: '2' } });
}, 60_000);
afterAll(() => on.house.close());

const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const logged = async (id: string) =>
  (await on.house.store.read(streamOf.restore(id))).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent);
const plan = (event: LoggedEvent) => on.house.database.transaction((tx) => planRestore(on.house, tx, event));
const planAll = async (id: string, from = 0) => {
  const jobs = [];
  for (const event of (await logged(id)).slice(from)) jobs.push(...(await plan(event)));
  return jobs.map(({ jobId }) => jobId);
};
const record = (id: string, n: number, code?: string) => {
  const [from, to] = n === 1 ? ['articles', 'articles'] : ['team/notes', 'team/notes'];
  const command = code
    ? ({ kind: 'recordFailed', n, code, message: 'no' } as const)
    : ({ kind: 'recordRestored', n, from: from!, to: to!, objects: 1, bytes: 1, findings: [] } as const);
  return on.house.store.decide(streamOf.restore(id), restoreDecider, command, { commandId: `record-${id}-${n}`, meta });
};
const swap = (id: string) =>
  on.house.store.decide(streamOf.restore(id), restoreDecider, { kind: 'beginSwap' }, { commandId: `swap-${id}`, meta });
const typesOf = async (id: string) => (await logged(id)).map((event) => event.type);
const free = (id: string) => on.house.database.query('DELETE FROM restore_targets WHERE restore_id = $1', [id]);

test('a request becomes one job per data set, once', async () => {
  const id = await request(on, { targetTenant: 'one' });
  expect(await planAll(id)).toEqual([`restore-${id}-1`, `restore-${id}-2`]);
  expect(await planAll(id)).toEqual([]);
  expect(await typesOf(id)).toEqual(['RestoreRequested', 'RestoreStarted']);
});

test('the last result ends the restore and frees its places', async () => {
  const id = await request(on, { targetTenant: 'two' });
  await planAll(id);
  await swap(id);
  await record(id, 1);
  await planAll(id, 3);
  expect((await stateOf(on, id)).status).toBe('swapping');
  expect(await busyTargets(on.house.database, 'two', ['articles', 'team', 'team/notes/deep', 'other'])).toEqual(
    ['articles', 'team', 'team/notes/deep'].map((to) => ({ to, restoreId: id })),
  );
  await record(id, 2, 'restore.no_space');
  await planAll(id, 4);
  expect((await stateOf(on, id)).status).toBe('partial');
  expect(await busyTargets(on.house.database, 'two', ['articles'])).toEqual([]);
});

test('a second restore onto the same places, or into one of them, fails at once and names the first', async () => {
  const first = await request(on, { targetTenant: 'three' });
  await planAll(first);
  const second = await request(on, { targetTenant: 'three', mapping: { articles: 'articles/inside', 'team/notes': 'elsewhere' } });
  expect(await planAll(second)).toEqual([`restore-${second}-2`]);
  const state = await stateOf(on, second);
  expect('results' in state && state.results.get(1)).toMatchObject({
    ok: false,
    code: 'restore.target_busy',
    message: expect.stringContaining(first),
  });
  await free(first);
  expect(await planAll(await request(on, { targetTenant: 'three', mapping: { articles: 'articles', 'team/notes': 'n' } }))).toHaveLength(2);
});

describe('a cancel', () => {
  test('before the request was planned: nothing is queued, the restore ends cancelled', async () => {
    const id = await request(on, { targetTenant: 'four' });
    await cancel(on, id);
    expect(await planAll(id)).toEqual([]);
    expect(await typesOf(id)).toEqual(['RestoreRequested', 'RestoreCancelRequested', 'RestoreEnded']);
    expect((await stateOf(on, id)).status).toBe('cancelled');
  });

  test('of jobs that nobody began withdraws them and ends at once', async () => {
    const id = await request(on, { targetTenant: 'five' });
    await planAll(id);
    await cancel(on, id);
    await planAll(id, 2);
    expect((await stateOf(on, id)).status).toBe('cancelled');
    expect((await on.house.queue.ofOperation(id)).map(({ status }) => status)).toEqual(['done', 'done']);
    expect(await busyTargets(on.house.database, 'five', ['articles'])).toEqual([]);
  });

  test('of a job in work waits for its result', async () => {
    const id = await request(on, { targetTenant: 'six' });
    await planAll(id);
    await on.house.database.query(`UPDATE jobs SET attempts = 1 WHERE job_id = $1`, [`restore-${id}-1`]);
    await cancel(on, id);
    await planAll(id, 2);
    expect((await stateOf(on, id)).status).toBe('running');
    expect(await rows(on.house.database, 'SELECT cancelled, ended FROM restore_plans WHERE restore_id = $1', [id])).toEqual([
      { cancelled: true, ended: 1 },
    ]);
    await record(id, 1, 'restore.cancelled');
    await planAll(id, 3);
    expect((await stateOf(on, id)).status).toBe('cancelled');
  });
});

test('the log of a restore that has ended is read again after a loss of the tables: nothing is put in place again', async () => {
  const id = await request(on, { targetTenant: 'eight' });
  await planAll(id);
  await swap(id);
  await record(id, 1);
  await record(id, 2);
  await planAll(id, 3);
  const types = await typesOf(id);
  await on.house.owner.query('DELETE FROM jobs WHERE operation_id = $1', [id]);
  await on.house.owner.query('DELETE FROM restore_plans WHERE restore_id = $1', [id]);
  expect(await planAll(id)).toEqual([]);
  expect(await typesOf(id)).toEqual(types);
  expect(await busyTargets(on.house.database, 'eight', ['articles'])).toEqual([]);
});

test('a verification that has ended is not run again, and one of a backup that the log lost is no obstacle', async () => {
  const id = 'verification_again';
  const stream = streamOf.verification(id);
  const ask = { kind: 'request', verificationId: id, backupId: 'backup_lost', tenant: 'acme', level: 'quick', requestedBy: 'key' } as const;
  await on.house.store.decide(stream, verificationDecider, ask, { commandId: `ask-${id}`, meta });
  const events = async () => (await on.house.store.read(stream)).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent);
  expect((await plan((await events())[0]!)).map(({ jobId }) => jobId)).toEqual([`verification-${id}`]);
  await on.house.owner.query('DELETE FROM jobs WHERE operation_id = $1', [id]);
  await on.house.store.decide(
    stream,
    verificationDecider,
    { kind: 'end', objects: 1, bytes: 1, findings: [] },
    { commandId: `end-${id}`, meta },
  );
  for (const event of await events()) expect(await plan(event)).toEqual([]);
});

test('events of other aggregates are none of its business', async () => {
  const [event] = await logged(await request(on, { targetTenant: 'seven' }));
  expect(await plan({ ...event, type: 'BackupStarted', data: {} } as LoggedEvent)).toEqual([]);
});
