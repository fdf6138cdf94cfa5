import { type EndJob, type Job, type JobContext, JobWorker, type JobWorkerOptions, LeaseLost } from '@dr/jobs';
import type { JobKind } from '@dr/messaging';
import { childOf, inContext, newTrace, parseTraceparent, type WorkContext } from '@dr/telemetry';
import type { House } from './house.ts';
import { isGone, workerIdentity } from './worker-identity.ts';

/** Only a kind that has its consumer on the bus: without one its jobs would wait for the poll, each time. */
export type WorkerSetting<Payload extends object> = Pick<JobWorkerOptions<Payload>, 'slots' | 'run' | 'onDead' | 'stallMs' | 'leaseMs'> & {
  readonly kind: JobKind;
};

/** What the payload of every job may carry: the trace of the request that asked for the work. */
export interface Traced {
  traceparent?: string;
}

/** How long a killed worker's job waits for another one when nobody on its machine starts again; heartbeats come three times as often. */
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
  const { queue, triggers, service } = house;
  const worker = new JobWorker<Payload>({
    leaseMs: LEASE_MS,
    ...setting,
    run: (job, context) => traced(job, (inTrace) => runTraced(setting, job, context, inTrace)),
    queue,
    worker: workerIdentity(service),
    triggers,
    onError: (error, job) => void tell(house, error, job),
  });
  await freeLeases(house);
  worker.start();
  return () => worker.stop();
}

/** A cancelled operation takes its jobs out of their workers' hands: nothing failed. A job that another worker has taken over is no such thing. */
async function tell({ queue, log }: House, error: unknown, job?: Job): Promise<void> {
  const at = { job_id: job?.jobId, operation_id: job?.operationId, attempt: job?.attempts };
  const row = error instanceof LeaseLost && job ? await queue.find(job.jobId).catch(() => undefined) : undefined;
  if (row?.status === 'done') log.info({ ...at, reason: row.error }, 'a job was withdrawn while it ran');
  else log.error({ ...at, err: error }, 'a try of a job failed');
}

/** What a predecessor on this machine was killed at need not wait for the end of its lease. */
async function freeLeases({ queue, log }: House): Promise<void> {
  try {
    const freed = await queue.expireLeasesOf(isGone);
    if (freed > 0) log.warn({ jobs: freed }, 'jobs of a killed process were freed');
  } catch (error) {
    log.warn({ err: error }, 'jobs of killed processes could not be looked for; their leases run out by themselves');
  }
}
