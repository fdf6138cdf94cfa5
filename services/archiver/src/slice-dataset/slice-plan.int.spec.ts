/** The jobs of a data set that is captured in slices, on the real PostgreSQL: cut once, brought together once, whatever dies. */
import type { ClaimedJob, Job, NewJob } from '@dr/jobs';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';
import { endSlice, forgetSlices, planSlices, rootsOfSlices } from './slice-plan.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver', migrations });
}, 60_000);
afterAll(() => house.close());

let number = 0;
function largeOne(): ClaimedJob<CapturePayload> {
  const backupId = `backup_20261124_000000_${String(++number).padStart(8, '0')}`;
  const dataset = { n: 3, datasetId: 'large', format: 'v4' as const, path: 'acme/large' };
  return {
    jobId: `capture-${backupId}-3`,
    tenant: 'acme',
    payload: { backupId, dataset, traceparent: 'trace' },
  } as unknown as ClaimedJob<CapturePayload>;
}

const SLICES = [{ from: '', to: 'g' }, { from: 'g', to: 'p' }, { from: 'p' }];
type Planned = NewJob<CapturePayload>[];
const plan = (job: ClaimedJob<CapturePayload>) =>
  house.database.transaction((tx) => planSlices(tx, house.queue, job, SLICES)) as Promise<Planned>;
const end = (job: NewJob, root?: string) =>
  house.database.transaction((tx) => endSlice(tx, house.queue, job as Job<CapturePayload>, root)) as Promise<Planned>;

test('each slice is a job of the same backup, with its range; planned again there are no more of them', async () => {
  const large = largeOne();
  const jobs = await plan(large);
  expect(jobs.map((job) => job.payload.slice)).toEqual(SLICES.map((slice, i) => ({ ...slice, number: i + 1 })));
  expect(jobs[0]).toMatchObject({
    jobId: `${large.jobId}-slice-1`,
    kind: 'capture',
    operationId: large.payload.backupId,
    payload: { traceparent: 'trace' },
  });
  expect(await plan(large)).toEqual([]);
});

test('only the last slice queues the job that brings them together, which finds their trees; one that was given up has none', async () => {
  const large = largeOne();
  const [first, second, third] = await plan(large);
  expect(await end(second!, 'bb')).toEqual([]);
  expect(await end(first!)).toEqual([]);
  const together = await end(third!, 'cc');
  expect(together.map((job) => [job.jobId, job.payload.isSliced, job.payload.slice])).toEqual([
    [`${large.jobId}-together`, true, undefined],
  ]);
  expect(await rootsOfSlices(house.database, large.payload)).toEqual(['bb', 'cc']);
});

test('slices that end in the same moment: exactly one of them is the last', async () => {
  for (let round = 0; round < 5; round += 1) {
    const jobs = await plan(largeOne());
    const ends = await Promise.all(jobs.map((job) => end(job, 'aa')));
    expect(ends.flat()).toHaveLength(1);
  }
});

test('an end that is rolled back has not been', async () => {
  const jobs = await plan(largeOne());
  await end(jobs[0]!, 'aa');
  await end(jobs[1]!, 'bb');
  const undone = house.database.transaction(async (tx) => {
    await endSlice(tx, house.queue, jobs[2] as Job<CapturePayload>, 'cc');
    throw new Error('the lease is lost');
  });
  await expect(undone).rejects.toThrow('the lease is lost');
  expect(await end(jobs[2]!, 'cc')).toHaveLength(1);
});

test('slices of a backup that has ended are forgotten', async () => {
  const large = largeOne();
  const [first] = await plan(large);
  await end(first!, 'aa');
  await forgetSlices(house.database, large.payload.backupId);
  expect(await rootsOfSlices(house.database, large.payload)).toEqual([]);
});
