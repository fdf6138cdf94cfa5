import { setTimeout as pause } from 'node:timers/promises';
import { isTransient, PollLoop, type Queryable } from '@dr/event-store';
import type { Stop, Triggers } from '@dr/messaging';
import { LeaseLost, WorkerStopping } from './errors.ts';
import type { AfterCommit, ClaimedJob, EndJob } from './job.ts';
import { failureOf, type JobQueue, type OnDead } from './job-queue.ts';
import { Lease } from './lease.ts';

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
  /** The bus: wakes this worker when jobs are queued. */
  triggers?: Pick<Triggers, 'onTrigger'>;
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

/** Waits of 0.1 s doubling to 2 s: some 20 s in all, while PostgreSQL is started again. */
const COMMIT_ATTEMPTS_MAX = 14;
const COMMIT_WAIT_MS_MAX = 2_000;

interface Running {
  lease: Lease;
  done: Promise<void>;
}

/** Claims jobs of one kind and runs them, `slots` at a time. */
export class JobWorker<Payload extends object = object> {
  private readonly options: JobWorkerOptions<Payload>;
  private readonly loop: PollLoop;
  private readonly running = new Map<ClaimedJob<Payload>, Running>();
  private claiming = 0;
  private stopping = false;
  private stopTriggers: Stop | undefined;

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

  start(): void {
    const { triggers, kind, slots } = this.options;
    this.stopping = false;
    this.stopTriggers = triggers?.onTrigger(kind, () => this.triggered(), { slots });
    this.loop.start();
  }

  /** Look for jobs now. */
  wake(): void {
    this.loop.nudge();
  }

  /** Takes no more jobs, lets running ones finish for `drainMs`, then hands them back. Resolves when no job is in work. */
  async stop(): Promise<void> {
    this.stopping = true;
    const noTriggers = this.stopTriggers?.();
    await this.loop.stop();
    const all = Promise.all([...this.running.values()].map((r) => r.done));
    if (!(await within(all, this.options.drainMs ?? 10_000))) {
      for (const [job, { lease }] of this.running) lease.abort(new WorkerStopping(job.jobId));
    }
    await all;
    await noTriggers;
  }

  /** A trigger keeps its place on the bus busy as long as its slot is, so that the next one goes to a worker that is free. */
  private async triggered(): Promise<{ until: Promise<unknown> }> {
    const taken = await this.take();
    const full = this.free <= 0 && this.running.size > 0;
    return { until: taken?.done ?? (full ? Promise.race([...this.running.values()].map((r) => r.done)) : Promise.resolve()) };
  }

  private get free(): number {
    return this.stopping ? 0 : this.options.slots - this.running.size - this.claiming;
  }

  private async round(): Promise<boolean> {
    if (await this.take()) return true;
    try {
      while (!this.stopping && (await this.options.queue.buryExpired<Payload>(this.options.kind, this.options.onDead)));
    } catch (error) {
      this.options.onError?.(error); // tried again at the next poll; it must not slow down the jobs that are well
    }
    return false;
  }

  /** Claims a job into a free slot; undefined when there is no slot or no job. */
  private async take(): Promise<Running | undefined> {
    if (this.free <= 0) return undefined;
    const { queue, kind, worker, leaseMs = 30_000 } = this.options;
    this.claiming += 1;
    try {
      const job = await queue.claim<Payload>(kind, worker, leaseMs);
      if (job && this.stopping) await queue.release(job);
      return job && !this.stopping ? this.begin(job, leaseMs) : undefined;
    } finally {
      this.claiming -= 1;
    }
  }

  private begin(job: ClaimedJob<Payload>, leaseMs: number): Running {
    const lease = new Lease(this.options.queue, job, { leaseMs, stallMs: this.options.stallMs ?? 600_000 });
    const done = this.work(job, lease)
      .catch((error: unknown) => this.options.onError?.(error, job))
      .finally(() => {
        lease.end();
        this.running.delete(job);
        this.loop.nudge();
      });
    const running = { lease, done };
    this.running.set(job, running);
    return running;
  }

  private async work(job: ClaimedJob<Payload>, lease: Lease): Promise<void> {
    try {
      const end = await this.attend(job, lease);
      await this.finish(job, end, lease);
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

  private async finish(job: ClaimedJob<Payload>, end: EndJob, lease: Lease): Promise<void> {
    const afterCommit = await this.commitEnd(job, end, lease);
    try {
      await afterCommit?.();
    } catch (error) {
      this.options.onError?.(error, job);
    }
  }

  /** A deadlock or a database that is started again must not throw hours of work away: the transaction is tried again while the job is ours. */
  private async commitEnd(job: ClaimedJob<Payload>, end: EndJob, { signal }: Lease): Promise<AfterCommit | undefined> {
    const { queue } = this.options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await queue.database.transaction(async (tx) => {
          await queue.finish(tx, job);
          return end(tx);
        });
      } catch (error) {
        if (!isTransient(error) || attempt >= COMMIT_ATTEMPTS_MAX || signal.aborted) throw error;
        await pause(Math.min(50 * 2 ** attempt, COMMIT_WAIT_MS_MAX));
      }
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
