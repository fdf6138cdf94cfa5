import { JobStalled, LeaseLost } from './errors.ts';
import type { ClaimedJob } from './job.ts';
import type { JobQueue } from './job-queue.ts';

export interface LeaseOptions {
  leaseMs: number;
  stallMs: number;
}

/**
 * Keeps a claimed job while it moves: a heartbeat every third of the lease. Aborts its signal with LeaseLost when the job is somebody
 * else's (or no heartbeat got through for a whole lease), and with JobStalled when `progress` was not called for the stall limit.
 */
export class Lease {
  private readonly queue: JobQueue;
  private readonly job: ClaimedJob;
  private readonly options: LeaseOptions;
  private readonly controller = new AbortController();
  private readonly heart: NodeJS.Timeout;
  private readonly stall: NodeJS.Timeout;
  private failedBeats = 0;

  constructor(queue: JobQueue, job: ClaimedJob, options: LeaseOptions) {
    this.queue = queue;
    this.job = job;
    this.options = options;
    this.heart = setInterval(() => void this.beat(), options.leaseMs / 3);
    this.stall = setTimeout(() => this.abort(new JobStalled(job.jobId, options.stallMs)), options.stallMs);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The job moved. */
  progress(): void {
    if (!this.signal.aborted) this.stall.refresh();
  }

  /** Stops the heartbeats and tells the job why. */
  abort(reason: Error): void {
    this.end();
    this.controller.abort(reason);
  }

  end(): void {
    clearInterval(this.heart);
    clearTimeout(this.stall);
  }

  private async beat(): Promise<void> {
    try {
      await this.queue.heartbeat(this.job, this.options.leaseMs);
      this.failedBeats = 0;
    } catch (error) {
      this.failedBeats += 1;
      if (this.signal.aborted) return;
      if (error instanceof LeaseLost) this.abort(error);
      else if (this.failedBeats >= 3) this.abort(new LeaseLost(this.job.jobId, this.job.token));
    }
  }
}
