import { EventStoreError } from '@dr/event-store';

/** The lease was taken over or the job has ended: the transaction must roll back, the worker must drop its work. Never try again. */
export class LeaseLost extends EventStoreError {
  readonly code = 'jobs.lease_lost';
  constructor(jobId: string, token: number) {
    super(`Working on job ${jobId}: token ${token} no longer holds it, another worker has it or it has ended. This work is dropped.`, {
      jobId,
      token,
    });
  }
}

/** No progress was reported for the stall limit. The try is given up and counted. */
export class JobStalled extends EventStoreError {
  readonly code = 'jobs.stalled';
  constructor(jobId: string, stallMs: number) {
    super(`Working on job ${jobId}: no progress for ${stallMs / 1000} s, so this try was given up.`, { jobId, stallMs });
  }
}

/** The worker shuts down: stop at the next good place; the job goes back to the queue uncounted. */
export class WorkerStopping extends EventStoreError {
  readonly code = 'jobs.worker_stopping';
  constructor(jobId: string) {
    super(`Working on job ${jobId}: the worker is stopping, the job is handed back.`, { jobId });
  }
}

/** Thrown by `onDead`: the job's end needs more than a transaction, so the job stays and is tried again, beyond its last try. */
export class KeepTrying extends EventStoreError {
  readonly code = 'jobs.keep_trying';
  constructor(jobId: string) {
    super(`Job ${jobId} cannot be given up without doing more work: it is tried again.`, { jobId });
  }
}

/** Thrown by a job that no further try can help: it is dead at once. */
export class PermanentFailure extends EventStoreError {
  readonly code = 'jobs.permanent_failure';
  constructor(why: string, cause?: unknown) {
    super(why, {}, cause);
  }
}

/** Too many operations are unfinished. Nothing was accepted; the same request may be made again later. */
export class TooManyOperations extends EventStoreError {
  readonly code = 'jobs.too_many_operations';
  /** For `Retry-After`. */
  readonly retryAfterSeconds = 5;
  constructor(whose: string, max: number) {
    super(`Nothing was started: ${max} operations ${whose} are unfinished already, which is the limit. Try again when some have ended.`, {
      whose,
      max,
    });
  }
}

/** The payload is too large for a row that is read often. Store it as an object and pass a reference. */
export class PayloadTooLarge extends EventStoreError {
  readonly code = 'jobs.payload_too_large';
  constructor(jobId: string, bytes: number, max: number) {
    super(`Queueing job ${jobId}: its payload has ${bytes} bytes, the limit is ${max}. Pass a reference instead.`, { jobId, bytes, max });
  }
}
