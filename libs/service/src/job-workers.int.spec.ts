/** What the log says of jobs that end otherwise than well, on a real queue. */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobContext } from '@dr/jobs';
import { startWorker, type WorkerSetting } from './job-workers.ts';
import { type TestHouse, testHouse, until } from './testing/test-house.ts';

let house: TestHouse;
let stop: () => Promise<void>;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver' });
}, 60_000);
afterEach(async () => {
  await stop();
  house.lines.length = 0;
});
afterAll(() => house.close());

const enqueue = (jobId: string) =>
  house.queue.enqueue(house.database, [{ jobId, kind: 'capture', tenant: 'acme', operationId: `backup-${jobId}`, payload: {} }]);

/** Starts a worker on one job, and waits until it has it. Its lease is short, so that it soon feels what happens to it. */
async function running(jobId: string, run: (context: JobContext) => Promise<never>): Promise<void> {
  let isRunning = false;
  const setting: WorkerSetting<object> = {
    kind: 'capture',
    slots: 1,
    leaseMs: 300,
    onDead: async () => undefined,
    run: (_, context) => {
      isRunning = true;
      return run(context);
    },
  };
  await enqueue(jobId);
  stop = await startWorker(house, setting);
  await until(() => isRunning, 'the job to run');
}

/** Works until it is told to stop. */
const untilAborted = ({ signal }: JobContext) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

const told = () => house.lines.filter(({ fields }) => 'job_id' in fields).map(({ level, message }) => [level, message]);

test('a job that is withdrawn while it runs is told once, as no failure', async () => {
  await running('withdrawn', untilAborted);
  await house.database.transaction((tx) => house.queue.revoke(tx, 'backup-withdrawn', 'the backup was cancelled'));
  await until(() => told().length > 0, 'a line');
  await pause(300);
  expect(told()).toEqual([['info', 'a job was withdrawn while it ran']]);
  expect(house.lines.find(({ level }) => level === 'info')?.fields).toMatchObject({
    job_id: 'withdrawn',
    operation_id: 'backup-withdrawn',
    reason: 'the backup was cancelled',
  });
});

test('a job that another worker takes over is an error', async () => {
  await running('taken', untilAborted);
  await house.owner.query(`UPDATE jobs SET fencing_token = fencing_token + 1 WHERE job_id = 'taken'`);
  await until(() => told().length > 0, 'a line');
  expect(told()[0]).toEqual(['error', 'a try of a job failed']);
});

test('so is a try that fails', async () => {
  await running('broken', async () => {
    throw new Error('the disk is gone');
  });
  await until(() => told().length > 0, 'a line');
  expect(told()[0]).toEqual(['error', 'a try of a job failed']);
});

test('a kind of job without its consumer on the bus does not compile', () => {
  // @ts-expect-error: no line of JOB_KINDS
  const kind: WorkerSetting<object>['kind'] = 'defragment';
  expect(kind).toBe('defragment');
  stop = async () => undefined;
});
