import { hostname } from 'node:os';
import { JobWorker, type JobWorkerOptions } from '@dr/jobs';
import type { House } from './house.ts';

export type WorkerSetting<Payload extends object> = Pick<
  JobWorkerOptions<Payload>,
  'kind' | 'slots' | 'run' | 'onDead' | 'stallMs' | 'leaseMs'
>;

/** How long a killed worker's job waits for another one; heartbeats come three times as often. */
const LEASE_MS = 12_000;

/** Workers of one kind of job in this process, woken by the bus. Ended by the function returned: running jobs finish or are handed back. */
export async function startWorker<Payload extends object>(house: House, setting: WorkerSetting<Payload>): Promise<() => Promise<void>> {
  const { queue, log, triggers, service } = house;
  const worker = new JobWorker<Payload>({
    leaseMs: LEASE_MS,
    ...setting,
    queue,
    worker: `${service}@${hostname()}:${process.pid}`,
    triggers,
    onError: (error, job) =>
      log.error({ err: error, job_id: job?.jobId, operation_id: job?.operationId, attempt: job?.attempts }, 'a try of a job failed'),
  });
  await worker.start();
  return () => worker.stop();
}
