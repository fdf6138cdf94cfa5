import { PollLoop, type Queryable } from '@dr/event-store';
import { LeaseLost, WorkerStopping } from './errors.ts';
import type { AfterCommit, ClaimedJob, EndJob } from './job.ts';
import { failureOf, type JobQueue, type OnDead } from './job-queue.ts';
import { Lease } from './lease.ts';

/** Wakes workers when jobs of a kind were queued. A trigger says "look", nothing more; it may be lost or come twice. */
export interface JobTriggers {
  onTrigger(kind: string, wake: () => void): StopTriggers | Promise<StopTriggers>;
}
export type StopTriggers = () => void | Promise<void>;

/** What a running job has at hand. */
export interface JobContext {
  /** Aborted with LeaseLost, JobStalled or WorkerStopping as reason. Stop soon; throw the reason. */
  signal: AbortSignal;
  /** Say that the job moved: at least once per stall limit, as often as you like. */
  progress(): void;
  /** A transaction that commits only while the job is still ours, for events in the middle of a job. @throws LeaseLost */
  inLease<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
}

export interface JobWorkerOptions<Payload extends object> {
  queue: JobQueue;
  kind: string;
  /** Jobs at a time. */
  slots: number;
  /** This process, for operators: service, host, pid. */
  worker: string;
  /**
   * Does the work and returns how it ends: the function runs in the transaction that checks the token and marks the job done, and
   * appends the job's events. What `run` throws is a failed try; a `PermanentFailure` ends the job as dead. A later try finds what an
   * earlier one has stored.
   */
  run: (job: ClaimedJob<Payload>, context: JobContext) => Promise<EndJob>;
  /** Every job reaches an end: this appends the event of a job that is given up. */
  onDead: OnDead<Payload>;
  triggers?: JobTriggers;
  /** Fall-back when triggers are lost, and how soon vanished workers are noticed. Default 2 s. */
  pollMs?: number;
  /** Default 30 s: after that much silence another worker takes over. */
  leaseMs?: number;
  /** Default 10 min without progress(). */
  stallMs?: number;
  /** How long `stop` waits for running jobs before it hands them back, default 10 s; and then for them to notice. */
  drainMs?: number;
  onError?: (error: unknown, job?: ClaimedJob<Payload>) => void;
}

interface Running {
  lease: Lease;
  done: Promise<void>;
}

/** Claims jobs of one kind and runs them, `slots` at a time. */
export class JobWorker<Payload extends object = object> {
  private readonly options: JobWorkerOptions<Payload>;
  private readonly loop: PollLoop;
  private readonly running = new Map<ClaimedJob<Payload>, Running>();
  private stopTriggers: StopTriggers | undefined;

  constructor(options: JobWorkerOptions<Payload>) {
    this.options = options;
    this.loop = new PollLoop({
      round: () => this.round(),
      pollMs: options.pollMs ?? 2_000,
      onError: (error) => void options.onError?.(error),
    });
  }

  /** Jobs in work now. */
  get busy(): number {
    return this.running.size;
  }

  async start(): Promise<void> {
    this.stopTriggers = await this.options.triggers?.onTrigger(this.options.kind, () => this.loop.nudge());
    this.loop.start();
  }

  wake(): void {
    this.loop.nudge();
  }

  /** Takes no more jobs, lets running ones finish for `drainMs`, then hands them back. Resolves when no job is in work. */
  async stop(): Promise<void> {
    const { drainMs = 10_000 } = this.options;
    await this.stopTriggers?.();
    await this.loop.stop();
    const all = Promise.all([...this.running.values()].map((r) => r.done));
    if (await within(all, drainMs)) return;
    for (const [job, { lease }] of this.running) lease.abort(new WorkerStopping(job.jobId));
    await all;
  }

  private async round(): Promise<boolean> {
    const { queue, kind, worker, slots, leaseMs = 30_000 } = this.options;
    if (this.running.size < slots) {
      const job = await queue.claim<Payload>(kind, worker, leaseMs);
      if (job) {
        this.begin(job, leaseMs);
        return true;
      }
    }
    while (await queue.buryExpired<Payload>(kind, this.options.onDead));
    return false;
  }

  private begin(job: ClaimedJob<Payload>, leaseMs: number): void {
    const lease = new Lease(this.options.queue, job, { leaseMs, stallMs: this.options.stallMs ?? 600_000 });
    const done = this.work(job, lease)
      .catch((error: unknown) => this.options.onError?.(error, job))
      .finally(() => {
        lease.end();
        this.running.delete(job);
        this.loop.nudge();
      });
    this.running.set(job, { lease, done });
  }

  private async work(job: ClaimedJob<Payload>, lease: Lease): Promise<void> {
    try {
      const end = await this.attend(job, lease);
      await this.finish(job, end);
    } catch (error) {
      lease.end();
      await this.giveUp(job, lease.signal.aborted ? lease.signal.reason : error);
    }
  }

  /** Runs the job; one that does not heed its signal within `drainMs` is left to itself: its token can no longer write. */
  private async attend(job: ClaimedJob<Payload>, lease: Lease): Promise<EndJob> {
    const { signal } = lease;
    const inLease = <T>(work: (tx: Queryable) => Promise<T>) => this.inLease(job, work);
    const run = this.options.run(job, { signal, progress: () => lease.progress(), inLease });
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    const left = aborted.then(async () => {
      await within(run, this.options.drainMs ?? 10_000);
      throw signal.reason;
    });
    left.catch(() => undefined);
    return Promise.race([run, left]);
  }

  private inLease<T>(job: ClaimedJob<Payload>, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { queue } = this.options;
    return queue.database.transaction(async (tx) => {
      await queue.holdLease(tx, job);
      return work(tx);
    });
  }

  private async finish(job: ClaimedJob<Payload>, end: EndJob): Promise<void> {
    const { queue } = this.options;
    const afterCommit = await queue.database.transaction(async (tx): Promise<AfterCommit | undefined> => {
      await queue.finish(tx, job);
      return end(tx);
    });
    try {
      await afterCommit?.();
    } catch (error) {
      this.options.onError?.(error, job);
    }
  }

  private async giveUp(job: ClaimedJob<Payload>, error: unknown): Promise<void> {
    const { queue, onDead } = this.options;
    if (error instanceof WorkerStopping) return queue.release(job);
    this.options.onError?.(error, job);
    if (!(error instanceof LeaseLost)) await queue.fail(job, failureOf(error), onDead);
  }
}

/** True when `work` settles (well or not) within `ms`. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}
