import { hostname } from 'node:os';
import { type EndJob, type Job, type JobContext, JobWorker, type JobWorkerOptions } from '@dr/jobs';
import { childOf, inContext, newTrace, parseTraceparent, type WorkContext } from '@dr/telemetry';
import type { House } from './house.ts';

export type WorkerSetting<Payload extends object> = Pick<
  JobWorkerOptions<Payload>,
  'kind' | 'slots' | 'run' | 'onDead' | 'stallMs' | 'leaseMs'
>;

/** What the payload of every job may carry: the trace of the request that asked for the work. */
export interface Traced {
  traceparent?: string;
}

/** How long a killed worker's job waits for another one; heartbeats come three times as often. */
const LEASE_MS = 12_000;

type InTrace = <T>(work: () => T) => T;

/** The job goes on in the trace of its request: log lines, progress and events made meanwhile carry it. */
function traced<T>(job: Job, work: (inTrace: InTrace) => T): T {
  const parent = parseTraceparent((job.payload as Traced).traceparent);
  const context: WorkContext = { operationId: job.operationId, trace: parent ? childOf(parent) : newTrace() };
  const inTrace: InTrace = (inner) => inContext(context, inner);
  return inTrace(() => work(inTrace));
}

async function runTraced<Payload extends object>(
  { run }: WorkerSetting<Payload>,
  job: Parameters<WorkerSetting<Payload>['run']>[0],
  context: JobContext,
  inTrace: InTrace,
): Promise<EndJob> {
  const end = await run(job, context);
  return (tx) => inTrace(() => end(tx));
}

/** Workers of one kind of job in this process, woken by the bus. Ended by the function returned: running jobs finish or are handed back. */
export async function startWorker<Payload extends object>(house: House, setting: WorkerSetting<Payload>): Promise<() => Promise<void>> {
  const { queue, log, triggers, service } = house;
  const worker = new JobWorker<Payload>({
    leaseMs: LEASE_MS,
    ...setting,
    run: (job, context) => traced(job, (inTrace) => runTraced(setting, job, context, inTrace)),
    queue,
    worker: `${service}@${hostname()}:${process.pid}`,
    triggers,
    onError: (error, job) =>
      log.error({ err: error, job_id: job?.jobId, operation_id: job?.operationId, attempt: job?.attempts }, 'a try of a job failed'),
  });
  await worker.start();
  return () => worker.stop();
}
