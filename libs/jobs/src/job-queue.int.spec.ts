import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { rows } from '@dr/event-store';
import { KeepTrying, LeaseLost, PayloadTooLarge, PermanentFailure } from './errors.ts';
import type { ClaimedJob } from './job.ts';
import { failureOf } from './job-queue.ts';
import { effect, effects, expire, job, type TestJobs, testJobs } from './testing/test-jobs.ts';

const DEFER_MS = 30;

let t: TestJobs;
let published: string[];
beforeEach(async () => {
  published = [];
  t = await testJobs({
    retryMs: (attempts) => (attempts === 1 ? 0 : 60_000),
    deferMs: DEFER_MS,
    triggers: {
      publishTrigger: async (kind, jobId) => {
        published.push(`${kind} ${jobId}`);
        if (jobId === 'unlucky') throw new Error('bus is away');
      },
    },
  });
});
afterEach(() => t[Symbol.asyncDispose]());

const claim = (worker = 'w1', kind = 'capture') => t.queue.claim(kind, worker, 30_000);
async function claimed(worker = 'w1'): Promise<ClaimedJob> {
  const got = await claim(worker);
  if (!got) throw new Error('nothing to claim');
  return got;
}
const nobody = async () => {
  throw new Error('must not be called');
};

describe('enqueue', () => {
  test('adds each id once, ever, and tells which are new', async () => {
    expect(await t.queue.enqueue(t.app, [job('a'), job('b'), job('a')])).toEqual([job('a'), job('b')]);
    expect(await t.queue.enqueue(t.app, [job('b'), job('c')])).toEqual([job('c')]);
    const a = await claimed();
    await t.queue.finish(t.app, a);
    expect(await t.queue.enqueue(t.app, [job('a')])).toEqual([]);
    expect(await t.queue.find('a')).toMatchObject({ status: 'done', attempts: 1 });
    expect((await t.queue.ofOperation('backup-1')).map((j) => j.jobId)).toEqual(['a', 'b', 'c']);
    expect(await t.queue.enqueue(t.app, [])).toEqual([]);
  });

  test('vanishes with its transaction', async () => {
    const undone = t.app.transaction(async (tx) => {
      await t.queue.enqueue(tx, [job('a')]);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect(await t.queue.find('a')).toBeUndefined();
  });

  test('announcing tells the bus and survives its absence', async () => {
    await t.queue.announce([job('a'), job('unlucky'), job('c', 'acme', { kind: 'restore' })]);
    expect(published).toEqual(['capture a', 'capture unlucky', 'restore c']);
  });

  test('a payload that is too large is refused', async () => {
    await expect(t.queue.enqueue(t.app, [job('a', 'acme', { payload: { x: 'y'.repeat(70_000) } })])).rejects.toBeInstanceOf(
      PayloadTooLarge,
    );
  });
});

describe('claim', () => {
  test('gives what was queued, with a token and a lease', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { payload: { path: 'x/y' }, attemptsMax: 3 })]);
    expect(await claim('w1', 'restore')).toBeUndefined();
    expect(await claim()).toEqual({
      jobId: 'a',
      kind: 'capture',
      tenant: 'acme',
      operationId: 'backup-1',
      payload: { path: 'x/y' },
      attemptsMax: 3,
      attempts: 1,
      status: 'running',
      token: 1,
      worker: 'w1',
    });
    expect(await claim()).toBeUndefined();
  });

  test('many claimers at once get each job once', async () => {
    await t.queue.enqueue(
      t.app,
      Array.from({ length: 60 }, (_, i) => job(`j${i}`, `tenant ${i % 3}`)),
    );
    const got = await Promise.all(Array.from({ length: 80 }, (_, i) => claim(`w${i}`)));
    const ids = got.flatMap((j) => (j ? [j.jobId] : []));
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });

  test('a row that another transaction holds is passed over, not waited for', async () => {
    await t.queue.enqueue(t.app, [job('a'), job('b')]);
    const other = t.app.createQueryRunner();
    await other.startTransaction();
    await other.query(`SELECT FROM jobs WHERE job_id = 'a' FOR UPDATE`);
    expect((await claimed()).jobId).toBe('b');
    await other.rollbackTransaction();
    await other.release();
  });
});

describe('fairness', () => {
  const tenants = async (n: number) => {
    const got: string[] = [];
    for (let i = 0; i < n; i += 1) got.push((await claimed()).tenant);
    return got;
  };

  test('the tenant with the fewest running jobs is next, however many another one queued before', async () => {
    await t.queue.enqueue(t.app, [...Array.from({ length: 50 }, (_, i) => job(`big${i}`, 'big')), job('s1', 'small'), job('s2', 'small')]);
    expect(await tenants(6)).toEqual(['big', 'small', 'big', 'small', 'big', 'big']);
  });

  test("a tenant's single job comes next, though another tenant has 5,000 waiting and runs some", async () => {
    await t.superuser.query(`
      INSERT INTO jobs (job_id, kind, tenant, operation_id, payload, attempts_max)
      SELECT 'big ' || n, 'capture', 'big', 'o' || n, '{}', 5 FROM generate_series(1, 5000) n`);
    for (let n = 0; n < 3; n += 1) expect((await claimed()).tenant).toBe('big');
    await t.queue.enqueue(t.app, [job('the one', 'small')]);
    expect((await claimed()).jobId).toBe('the one');
    expect((await claimed()).tenant).toBe('big');
  });

  test('who has fewer running jobs comes first, even if it was served last', async () => {
    await t.queue.enqueue(t.app, [job('a1', 'a'), job('a2', 'a'), job('a3', 'a')]);
    await tenants(3);
    await t.queue.enqueue(t.app, [job('b1', 'b')]);
    await tenants(1);
    await t.queue.enqueue(t.app, [job('a4', 'a'), job('b2', 'b')]);
    expect(await tenants(2)).toEqual(['b', 'a']);
  });

  test('with one slot, tenants take turns though nothing ever runs beside', async () => {
    const queue = ['a', 'b', 'c'].flatMap((tenant) =>
      Array.from({ length: tenant === 'a' ? 20 : 2 }, (_, i) => job(`${tenant}${i}`, tenant)),
    );
    await t.queue.enqueue(t.app, queue);
    const turns: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      const next = await claimed();
      turns.push(next.jobId);
      await t.queue.finish(t.app, next);
    }
    expect(turns).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'a3']);
  });

  test('jobs of one tenant come in the order in which they were queued', async () => {
    await t.queue.enqueue(
      t.app,
      ['z', 'a', 'm'].map((id) => job(id)),
    );
    expect([(await claimed()).jobId, (await claimed()).jobId, (await claimed()).jobId]).toEqual(['z', 'a', 'm']);
  });
});

describe('the lease', () => {
  test('a heartbeat prolongs it; without one another worker takes over, and the old token is refused everywhere', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    const old = await claimed('w1');
    await expire(t, 'a');
    await t.queue.heartbeat(old, 30_000);
    expect(await claim('w2')).toBeUndefined();

    await expire(t, 'a');
    const taken = await claimed('w2');
    expect(taken).toMatchObject({ jobId: 'a', token: 2, attempts: 2, worker: 'w2', error: 'the lease of w1 expired' });
    for (const late of [
      () => t.queue.heartbeat(old, 30_000),
      () => t.queue.release(old),
      () => t.queue.fail(old, { error: 'x' }, nobody),
      () => t.queue.fail(old, { error: 'x', permanent: true }, nobody),
      () => t.app.transaction((tx) => t.queue.finish(tx, old)),
      () => t.app.transaction((tx) => t.queue.holdLease(tx, old)),
    ]) {
      await expect(late()).rejects.toBeInstanceOf(LeaseLost);
    }
    await t.queue.holdLease(t.app, taken);
    await t.queue.finish(t.app, taken);
    await expect(t.queue.finish(t.app, taken)).rejects.toBeInstanceOf(LeaseLost);
  });

  test('what an old worker appends in the transaction that checks its token is rolled back', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    const old = await claimed('w1');
    await expire(t, 'a');
    const taken = await claimed('w2');
    const stream = 'backup-1';
    const end = (holder: ClaimedJob) =>
      t.app.transaction(async (tx) => {
        const options = { commandId: randomUUID(), meta: { tenant: 'acme', requestId: 'r', actor: holder.worker }, tx };
        await t.store.append(stream, 0, [{ type: 'BackupStarted', data: {} }], options);
        await t.queue.finish(tx, holder);
      });
    await expect(end(old)).rejects.toBeInstanceOf(LeaseLost);
    expect(await t.store.read(stream)).toEqual([]);
    await end(taken);
    expect((await t.store.read(stream)).map((e) => e.meta.actor)).toEqual(['w2']);
  });

  test('holdLease keeps a take-over waiting until the transaction has ended', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    const mine = await claimed('w1');
    await t.app.transaction(async (tx) => {
      await t.queue.holdLease(tx, mine);
      await expect(rows(t.superuser, `SELECT FROM jobs WHERE job_id = 'a' FOR UPDATE NOWAIT`)).rejects.toThrow(/could not obtain lock/);
      expect(await claim('w2')).toBeUndefined();
      await effect(tx, mine);
    });
    expect(await effects(t.app)).toEqual([{ job_id: 'a', worker: 'w1', token: '1' }]);
  });

  test('a job that is handed back can be had at once, and the try does not count', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
    await t.queue.release(await claimed('w1'));
    expect(published).toEqual(['capture a']);
    expect(await claimed('w2')).toMatchObject({ attempts: 1, token: 2 });
  });
});

describe('failures', () => {
  test('a failed try is repeated after a wait; after the last one the job is dead and its event stands', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 2 })]);
    expect(await t.queue.fail(await claimed(), { error: 'disk' }, nobody)).toBe('queued');
    const second = await claimed();
    expect(second).toMatchObject({ attempts: 2, error: 'disk' });
    const after: string[] = [];
    const outcome = await t.queue.fail(second, { error: 'disk again' }, async (tx, dead, error) => {
      await effect(tx, second);
      return async () => {
        after.push(`${dead.jobId}: ${error}`);
      };
    });
    expect(outcome).toBe('dead');
    expect(after).toEqual(['a: disk again']);
    expect(await t.queue.find('a')).toMatchObject({ status: 'dead', error: 'disk again' });
    expect(await effects(t.app)).toHaveLength(1);
    expect(await claim()).toBeUndefined();
    expect(await t.queue.counts()).toEqual([{ kind: 'capture', status: 'dead', count: 1 }]);
  });

  test('the wait is kept', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    await t.queue.fail(await claimed(), { error: '1' }, nobody);
    await t.queue.fail(await claimed(), { error: '2' }, nobody);
    expect(await claim()).toBeUndefined();
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', error: '2' });
  });

  test('what no try can help is dead at once', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    expect(failureOf(new PermanentFailure('gone'))).toMatchObject({ error: 'gone', permanent: true });
    expect(failureOf('text')).toEqual({ error: 'text', permanent: false });
    expect(failureOf(Object.assign(new Error('x'), { code: 'store.full' }))).toEqual({ error: 'x', permanent: false, code: 'store.full' });
    expect(await t.queue.fail(await claimed(), failureOf(new PermanentFailure('gone')), async () => undefined)).toBe('dead');
  });

  test('a job whose death cannot be told waits and is tried again, beyond its last try', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
    const full = async () => Promise.reject(Object.assign(new Error('no space left'), { code: 'store.full' }));
    expect(await t.queue.fail(await claimed(), { error: 'x' }, full)).toBe('queued');
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', error: 'no space left', errorCode: 'store.full' });
    await pause(DEFER_MS);
    const again = await claimed();
    expect(again).toMatchObject({ attempts: 2, attemptsMax: 1 });
    expect(await t.queue.fail(again, { error: 'x' }, async () => undefined)).toBe('dead');
  });

  test('a job that must not be given up keeps the error of its last try', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
    const keep = async () => Promise.reject(new KeepTrying('a'));
    expect(await t.queue.fail(await claimed(), { error: 'the store is away', code: 'store.unavailable' }, keep)).toBe('queued');
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', error: 'the store is away', errorCode: 'store.unavailable' });
  });

  test('what waits for space is tried again soon, however often it failed', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 99 })]);
    for (let n = 1; n <= 4; n += 1) {
      expect(await t.queue.fail(await claimed(), { error: 'no space left', code: 'store.full' }, nobody)).toBe('queued');
      await pause(DEFER_MS);
    }
    expect(await claimed()).toMatchObject({ attempts: 5, errorCode: 'store.full' });
  });

  test('a job whose last worker vanished is buried by another, once, or waits while that cannot be told', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 }), job('b', 'acme', { attemptsMax: 1 })]);
    const buried: string[] = [];
    const bury = () =>
      t.queue.buryExpired('capture', async (_, dead, error) => {
        if (dead.jobId === 'a') throw new Error('not now');
        buried.push(`${dead.jobId}: ${error}`);
        return undefined;
      });
    for (const id of ['a', 'b']) {
      await claimed();
      await expire(t, id);
    }
    expect(await claim()).toBeUndefined();
    expect([await bury(), await bury(), await bury()]).toEqual([true, true, false]);
    expect(buried).toEqual(['b: the worker w1 vanished at the last of 1 tries']);
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', error: 'not now' });
  });
});

test('leases of workers that are gone end at once, those of others stay', async () => {
  await t.queue.enqueue(t.app, [job('a'), job('b')]);
  await claimed('dead one');
  await claimed('live one');
  expect(await t.queue.expireLeasesOf((worker) => worker === 'dead one')).toBe(1);
  expect(await t.queue.expireLeasesOf((worker) => worker === 'dead one')).toBe(0);
  expect(await t.queue.expireLeasesOf(() => false)).toBe(0);
  expect(await claimed('another')).toMatchObject({ jobId: 'a', attempts: 2 });
  expect(await claim()).toBeUndefined();
});

test('jobs of an operation that nobody began can be withdrawn', async () => {
  await t.queue.enqueue(t.app, [job('a'), job('b'), job('c', 'acme', { operationId: 'backup-2' })]);
  const running = await claimed();
  expect(await t.queue.withdraw(t.app, 'backup-1', 'cancelled')).toEqual(['b']);
  expect(await t.queue.find('b')).toMatchObject({ status: 'done', error: 'cancelled' });
  await t.queue.finish(t.app, running);
  expect((await claimed()).jobId).toBe('c');
});

test('running jobs of an operation can be taken out of their workers hands', async () => {
  await t.queue.enqueue(t.app, [job('a'), job('b', 'acme', { kind: 'cancel' }), job('c'), job('d', 'acme', { operationId: 'backup-2' })]);
  const running = await claimed();
  const canceller = (await t.queue.claim('cancel', 'w1', 30_000))!;
  expect(await t.queue.revoke(t.app, 'backup-1', 'cancelled', 'cancel')).toEqual(['a']);
  expect(await t.queue.withdraw(t.app, 'backup-1', 'cancelled', 'cancel')).toEqual(['c']);
  expect(await t.queue.find('a')).toMatchObject({ status: 'done', error: 'cancelled' });
  await expect(t.queue.heartbeat(running, 30_000)).rejects.toMatchObject({ code: 'jobs.lease_lost' });
  await expect(t.queue.finish(t.app, running)).rejects.toMatchObject({ code: 'jobs.lease_lost' });
  await t.queue.heartbeat(canceller, 30_000);
  expect((await claimed()).jobId).toBe('d');
});

test('ended jobs are forgotten after their time', async () => {
  await t.queue.enqueue(t.app, [job('a'), job('b')]);
  await t.queue.finish(t.app, await claimed());
  expect(await t.queue.forgetEnded(60_000)).toBe(0);
  expect(await t.queue.forgetEnded(0)).toBe(1);
  expect(await t.queue.find('a')).toBeUndefined();
  expect(await t.queue.find('b')).toMatchObject({ status: 'queued' });
});
