import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TriggerHandler } from '@dr/messaging';
import { JobStalled, LeaseLost, PermanentFailure, WorkerStopping } from './errors.ts';
import type { ClaimedJob, EndJob } from './job.ts';
import { JobQueue } from './job-queue.ts';
import { type JobContext, JobWorker, type JobWorkerOptions } from './job-worker.ts';
import { effect, effects, expire, job, type TestJobs, testJobs, until } from './testing/test-jobs.ts';

let t: TestJobs;
const started: JobWorker[] = [];
const children: ChildProcess[] = [];
beforeEach(async () => {
  t = await testJobs({ retryMs: () => 0 });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await Promise.all(started.splice(0).map((w) => w.stop()));
  await t[Symbol.asyncDispose]();
});

type Options = Partial<JobWorkerOptions<object>>;

function start(worker: string, run: JobWorkerOptions<object>['run'], options: Options = {}): JobWorker {
  const onDead = async () => undefined;
  const made = new JobWorker({ queue: t.queue, kind: 'capture', slots: 2, worker, run, onDead, pollMs: 20, drainMs: 100, ...options });
  started.push(made);
  made.start();
  return made;
}

const end =
  (claimed: ClaimedJob): EndJob =>
  (tx) =>
    effect(tx, claimed);
const status = async (jobId: string) => (await t.queue.find(jobId))?.status;
/** Waits for the signal and throws its reason, as a good job does. */
const untilAborted = async ({ signal }: JobContext): Promise<never> => {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
};

test('two workers do every job, none twice, and never more at a time than they have slots', async () => {
  await t.queue.enqueue(
    t.app,
    Array.from({ length: 40 }, (_, i) => job(`j${i}`, `tenant ${i % 4}`)),
  );
  const busy = { one: 0, two: 0 };
  let most = 0;
  const run = (name: 'one' | 'two') => async (claimed: ClaimedJob) => {
    most = Math.max(most, ++busy[name]);
    await pause(5);
    busy[name] -= 1;
    return end(claimed);
  };
  start('one', run('one'));
  start('two', run('two'));
  await until(async () => (await effects(t.app)).length >= 40);
  const done = await effects(t.app);
  expect(new Set(done.map((e) => e.job_id)).size).toBe(40);
  expect(new Set(done.map((e) => e.worker))).toEqual(new Set(['one', 'two']));
  expect(most).toBe(2);
});

test('kill -9 of a worker: another takes the job over when the lease has run out', async () => {
  await t.queue.enqueue(t.app, [job('a')]);
  const child = spawn(
    process.execPath,
    ['--conditions=dr-source', '--no-warnings', fileURLToPath(new URL('./testing/worker-child.ts', import.meta.url)), t.url],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } },
  );
  children.push(child);
  await once(child.stdout!, 'data');
  const seen: ClaimedJob[] = [];
  start('heir', async (claimed) => {
    seen.push(claimed);
    return end(claimed);
  });
  await pause(900);
  expect(seen).toEqual([]);
  child.kill('SIGKILL');
  await until(async () => (await status('a')) === 'done');
  expect(seen).toMatchObject([{ token: 2, attempts: 2, error: 'the lease of child expired' }]);
  expect(await effects(t.app)).toEqual([{ job_id: 'a', worker: 'heir', token: '2' }]);
});

test('a worker that was taken over is told, and what it appends at the end is rolled back', async () => {
  await t.queue.enqueue(t.app, [job('a')]);
  const errors: unknown[] = [];
  let release!: () => void;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = start(
    'slow',
    async (claimed) => {
      await held;
      return end(claimed);
    },
    { leaseMs: 60_000, slots: 1, onError: (error) => errors.push(error) },
  );
  await until(() => slow.busy === 1);
  await expire(t, 'a');
  start('quick', async (claimed) => end(claimed));
  await until(async () => (await status('a')) === 'done');
  release();
  await until(() => errors.length > 0);
  expect(errors).toEqual([expect.any(LeaseLost)]);
  expect(await effects(t.app)).toMatchObject([{ job_id: 'a', worker: 'quick' }]);
});

test('the heartbeat keeps a long job, and ends it when the lease was lost', async () => {
  await t.queue.enqueue(t.app, [job('a')]);
  const reasons: unknown[] = [];
  const worker = start(
    'w1',
    async (_, context) => {
      context.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
      return untilAborted(context);
    },
    { leaseMs: 150, slots: 1 },
  );
  await until(() => worker.busy === 1);
  await pause(400);
  expect(await t.queue.claim('capture', 'thief', 1_000)).toBeUndefined();
  await t.superuser.query('UPDATE jobs SET fencing_token = 9');
  await until(() => reasons.length === 1);
  expect(reasons).toEqual([expect.any(LeaseLost)]);
});

test('a job that does not move is given up; one that reports progress is not', async () => {
  await t.queue.enqueue(t.app, [job('stuck', 'a', { attemptsMax: 1 }), job('moving', 'b')]);
  const [dead, heeded]: [string[], unknown[]] = [[], []];
  const run = async (claimed: ClaimedJob, context: JobContext): Promise<EndJob> => {
    if (claimed.jobId === 'stuck') return untilAborted(context).finally(() => heeded.push(context.signal.reason));
    for (let i = 0; i < 12; i += 1) {
      await pause(25);
      context.progress();
    }
    return end(claimed);
  };
  const onDead: JobWorkerOptions<object>['onDead'] = async (_, gone, error) => {
    dead.push(`${gone.jobId}: ${error}`);
    return undefined;
  };
  start('w1', run, { stallMs: 150, onDead });
  await until(async () => (await status('moving')) === 'done' && dead.length > 0);
  expect(heeded).toEqual([expect.any(JobStalled)]);
  expect(dead).toEqual(['stuck: Working on job stuck: no progress for 0.15 s, so this try was given up.']);
});

test('a job that heeds nothing loses its slot and its right to write', async () => {
  await t.queue.enqueue(t.app, [job('deaf')]);
  let wakeUp!: () => void;
  const deaf = new Promise<void>((resolve) => {
    wakeUp = resolve;
  });
  const tries: number[] = [];
  start(
    'w1',
    async (claimed, context) => {
      tries.push(claimed.attempts);
      if (claimed.attempts > 1) return end(claimed);
      await deaf;
      await expect(context.inLease((tx) => effect(tx, claimed))).rejects.toBeInstanceOf(LeaseLost);
      return end(claimed);
    },
    { stallMs: 100, slots: 1 },
  );
  await until(async () => (await status('deaf')) === 'done');
  wakeUp();
  await pause(50);
  expect(tries).toEqual([1, 2]);
  expect(await effects(t.app)).toEqual([{ job_id: 'deaf', worker: 'w1', token: '2' }]);
});

test('failed tries are repeated up to the ceiling, then the job dies with its event; a permanent failure dies at once', async () => {
  await t.queue.enqueue(t.app, [job('weak', 'a', { attemptsMax: 3 }), job('hopeless', 'b')]);
  const tries: string[] = [];
  const dead: string[] = [];
  start(
    'w1',
    async (claimed) => {
      tries.push(claimed.jobId);
      throw claimed.jobId === 'weak' ? new Error('disk full') : new PermanentFailure('no such folder');
    },
    {
      onDead: async (tx, gone, error) => {
        await tx.query('INSERT INTO effects VALUES ($1, $2, 0)', [gone.jobId, error]);
        return () => {
          dead.push(gone.jobId);
        };
      },
    },
  );
  await until(() => dead.length === 2);
  expect(tries.toSorted()).toEqual(['hopeless', 'weak', 'weak', 'weak']);
  expect(await effects(t.app)).toMatchObject([
    { job_id: 'hopeless', worker: 'no such folder' },
    { job_id: 'weak', worker: 'disk full' },
  ]);
});

test('a deadlock at the very end does not throw the work away', async () => {
  await t.queue.enqueue(t.app, [job('a')]);
  const tries = { run: 0, end: 0 };
  start('w1', async (claimed) => {
    tries.run += 1;
    return async (tx) => {
      await effect(tx, claimed);
      tries.end += 1;
      if (tries.end < 6) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      return undefined;
    };
  });
  await until(async () => (await status('a')) === 'done');
  expect(tries).toEqual({ run: 1, end: 6 });
  expect(await effects(t.app)).toHaveLength(1);
});

test('a death that cannot be told yet holds up no other job', async () => {
  await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
  await t.queue.claim('capture', 'gone', 1_000);
  await expire(t, 'a');
  const errors: string[] = [];
  const onDead = async () => {
    throw new Error('no event today');
  };
  start('w1', async (claimed) => end(claimed), { onDead, onError: (error) => errors.push((error as Error).message) });
  await until(async () => (await t.queue.find('a'))?.error === 'no event today');
  await t.queue.enqueue(t.app, [job('b')]);
  await until(async () => (await status('b')) === 'done');
  expect(await status('a')).toBe('queued');
  expect(errors).toEqual([]);
});

test('the last worker vanished: whoever polls buries the job', async () => {
  await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
  await t.queue.claim('capture', 'gone', 1_000);
  await expire(t, 'a');
  const dead: string[] = [];
  start('w1', async (claimed) => end(claimed), {
    onDead: async (_, { jobId }) => {
      dead.push(jobId);
      return undefined;
    },
  });
  await until(async () => (await status('a')) === 'dead');
  expect(dead).toEqual(['a']);
});

describe('stopping', () => {
  test('running jobs finish within the time given, and nothing new is begun', async () => {
    await t.queue.enqueue(t.app, [job('a'), job('b')]);
    const worker = start(
      'w1',
      async (claimed) => {
        await pause(150);
        return end(claimed);
      },
      { slots: 1, drainMs: 5_000 },
    );
    await until(() => worker.busy === 1);
    await worker.stop();
    expect(worker.busy).toBe(0);
    expect([await status('a'), await status('b')]).toEqual(['done', 'queued']);
  });

  test('a job claimed while the stop came is handed back untouched', async () => {
    await t.queue.enqueue(t.app, [job('a')]);
    const begun: string[] = [];
    let worker: JobWorker | undefined;
    let stopped: Promise<void> | undefined;
    class Slow extends JobQueue {
      override async claim<P extends object>(kind: string, name: string, leaseMs: number) {
        const got = await super.claim<P>(kind, name, leaseMs);
        stopped ??= worker?.stop();
        return got;
      }
    }
    const run = async (claimed: ClaimedJob) => {
      begun.push(claimed.jobId);
      return end(claimed);
    };
    worker = start('w1', run, { queue: new Slow(t.app) });
    await until(() => stopped !== undefined);
    await stopped;
    expect(begun).toEqual([]);
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', attempts: 0 });
  });

  test('what takes longer is handed back, uncounted', async () => {
    await t.queue.enqueue(t.app, [job('a', 'acme', { attemptsMax: 1 })]);
    const reasons: unknown[] = [];
    const worker = start('w1', (_, context) => untilAborted(context).catch((reason) => Promise.reject(reasons.push(reason) && reason)));
    await until(() => worker.busy === 1);
    await worker.stop();
    expect(reasons).toEqual([expect.any(WorkerStopping)]);
    expect(await t.queue.find('a')).toMatchObject({ status: 'queued', attempts: 0 });
  });
});

describe('triggers', () => {
  /** The bus's side: keeps the handler, counts the places in hand. */
  class Bus {
    handler!: TriggerHandler;
    slots = 0;
    stopped = false;
    onTrigger = (_: string, handler: TriggerHandler, { slots = 1 } = {}) => {
      this.handler = handler;
      this.slots = slots;
      return async () => {
        this.stopped = true;
      };
    };
    fire = async () => (await this.handler('any')) as { until: Promise<unknown> };
  }

  test('a trigger wakes the worker, and keeps its place until the job has ended', async () => {
    const bus = new Bus();
    const worker = start(
      'w1',
      async (claimed) => {
        await pause(60);
        return end(claimed);
      },
      { triggers: bus, pollMs: 60_000, slots: 1 },
    );
    expect(bus.slots).toBe(1);
    await pause(50);
    await (await bus.fire()).until;
    expect(worker.busy).toBe(0);

    await t.queue.enqueue(t.app, [job('a'), job('b')]);
    const { until: first } = await bus.fire();
    expect(worker.busy).toBe(1);
    const { until: second } = await bus.fire();
    expect(worker.busy).toBe(1);
    await first;
    expect(await status('a')).toBe('done');
    await second;
    await until(async () => (await status('b')) === 'done');
    await worker.stop();
    expect(bus.stopped).toBe(true);
    await (await bus.fire()).until;
  });

  test('without any trigger, polling finds the job', async () => {
    start('w1', async (claimed) => end(claimed), { triggers: new Bus() });
    await t.queue.enqueue(t.app, [job('a')]);
    await until(async () => (await status('a')) === 'done');
  });
});
