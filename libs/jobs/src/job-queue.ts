import { changed, changedCount, type Queryable, rows } from '@dr/event-store';
import type { Triggers } from '@dr/messaging';
import type { DataSource } from 'typeorm';
import { KeepTrying, LeaseLost, PayloadTooLarge, PermanentFailure } from './errors.ts';
import { type AfterCommit, type ClaimedJob, type Job, type NewJob, PAYLOAD_BYTES_MAX } from './job.ts';
import { type JobRow, toClaimed, toJob } from './job-row.ts';

/** Appends the event that ends a dead job, in the transaction that marks it dead. When it throws, the job is not dead yet. */
export type OnDead<Payload extends object = object> = (tx: Queryable, job: Job<Payload>, error: string) => Promise<AfterCommit | undefined>;

export interface JobQueueOptions {
  /** The bus, to wake workers. A lost trigger costs a polling interval. */
  triggers?: Pick<Triggers, 'publishTrigger'>;
  /** Wait before the next try after the n-th failed. Default 1, 2, 4 … s, at most 5 min. */
  retryMs?: (attempts: number) => number;
  /** Wait before a job goes on whose end could not be told, and at most for one that waits for space. Default 10 s. */
  deferMs?: number;
}

export interface Failure {
  error: string;
  /** The error's stable code, such as 'store.full'. */
  code?: string;
  /** No further try can help. */
  permanent?: boolean;
}

const retryMsDefault = (attempts: number): number => Math.min(1_000 * 2 ** (attempts - 1), 300_000);

/** Somebody may end it at any moment, so the wait for it stays short. */
const WAITS_FOR_SPACE = 'store.full';

/** Jobs in PostgreSQL: claimed with a lease and a fencing token, by the database's clock. Every method may be called by any process. */
export class JobQueue {
  readonly database: DataSource;
  private readonly options: JobQueueOptions;

  constructor(database: DataSource, options: JobQueueOptions = {}) {
    this.database = database;
    this.options = options;
  }

  /**
   * Adds jobs inside `tx`, normally that of a process manager's checkpoint; known ids are left alone.
   * @returns the new ones, to be announced after COMMIT
   */
  async enqueue(tx: Queryable, jobs: readonly NewJob[]): Promise<NewJob[]> {
    if (jobs.length === 0) return [];
    jobs.forEach(checkPayload);
    const added = new Set((await rows<{ job_id: string }>(tx, ENQUEUE, [JSON.stringify(jobs)])).map((row) => row.job_id));
    return jobs.filter((job) => added.delete(job.jobId));
  }

  /** Wakes workers, after COMMIT. Never throws: they also poll. */
  async announce(jobs: readonly Pick<NewJob, 'kind' | 'jobId'>[]): Promise<void> {
    const { triggers } = this.options;
    if (triggers) await Promise.allSettled(jobs.map(({ kind, jobId }) => triggers.publishTrigger(kind, jobId)));
  }

  /** Takes the next job of a kind, fairly between tenants; expired leases are taken over. Undefined when none is due. */
  async claim<Payload extends object>(kind: string, worker: string, leaseMs: number): Promise<ClaimedJob<Payload> | undefined> {
    const [row] = await rows<JobRow>(this.database, 'SELECT * FROM claim_job($1, $2, $3)', [kind, worker, leaseMs]);
    return row && toClaimed<Payload>(row);
  }

  /** Prolongs the lease to now + leaseMs. @throws LeaseLost */
  async heartbeat({ jobId, token }: ClaimedJob, leaseMs: number): Promise<void> {
    const sql = `UPDATE jobs SET heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + $3 * interval '1 ms'
                  WHERE job_id = $1 AND fencing_token = $2 AND status = 'running'`;
    if ((await changedCount(this.database, sql, [jobId, token, leaseMs])) === 0) throw new LeaseLost(jobId, token);
  }

  /** For effects in the middle of a job: `tx` commits only if the token still holds the job. @throws LeaseLost */
  async holdLease(tx: Queryable, { jobId, token }: ClaimedJob): Promise<void> {
    const sql = `SELECT FROM jobs WHERE job_id = $1 AND fencing_token = $2 AND status = 'running' FOR NO KEY UPDATE`;
    if ((await rows(tx, sql, [jobId, token])).length === 0) throw new LeaseLost(jobId, token);
  }

  /** Ends a job well, in the transaction that appends its event. @throws LeaseLost: then everything else in `tx` must go too. */
  async finish(tx: Queryable, { jobId, token }: ClaimedJob): Promise<void> {
    const sql = `UPDATE jobs SET status = 'done', lease_until = NULL, error = NULL, error_code = NULL, ended_at = clock_timestamp()
                  WHERE job_id = $1 AND fencing_token = $2 AND status = 'running'`;
    if ((await changedCount(tx, sql, [jobId, token])) === 0) throw new LeaseLost(jobId, token);
  }

  /** Hands a job back unfinished; another worker may have it at once, and the try does not count. @throws LeaseLost */
  async release(job: ClaimedJob): Promise<void> {
    const sql = `UPDATE jobs SET status = 'queued', lease_until = NULL, worker = NULL, attempts = attempts - 1, available_at = clock_timestamp()
                  WHERE job_id = $1 AND fencing_token = $2 AND status = 'running'`;
    if ((await changedCount(this.database, sql, [job.jobId, job.token])) === 0) throw new LeaseLost(job.jobId, job.token);
    await this.announce([job]);
  }

  /**
   * A try failed: the job waits for the next one, or is dead when it was the last or nothing can help. While its death cannot be told
   * (`onDead` throws), it is not dead: it waits and is tried again, tries used up or not. @throws LeaseLost
   */
  async fail<Payload extends object>(job: ClaimedJob<Payload>, failure: Failure, onDead: OnDead<Payload>): Promise<'queued' | 'dead'> {
    if (failure.permanent || job.attempts >= job.attemptsMax) return this.buryOrDefer(job, failure, onDead);
    const { retryMs = retryMsDefault } = this.options;
    const waitMs = retryMs(job.attempts);
    await this.requeue(job, failure, failure.code === WAITS_FOR_SPACE ? Math.min(waitMs, this.deferMs) : waitMs);
    return 'queued';
  }

  private get deferMs(): number {
    return this.options.deferMs ?? 10_000;
  }

  private async buryOrDefer<Payload extends object>(job: ClaimedJob<Payload>, failure: Failure, onDead: OnDead<Payload>) {
    try {
      await this.bury(job, failure.error, onDead);
      return 'dead';
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      await this.requeue(job, error instanceof KeepTrying ? failure : failureOf(error), this.deferMs);
      return 'queued';
    }
  }

  private async requeue({ jobId, token }: ClaimedJob, { error, code }: Failure, waitMs: number): Promise<void> {
    const sql = `UPDATE jobs SET status = 'queued', lease_until = NULL, worker = NULL, error = $3, error_code = $4,
                    available_at = clock_timestamp() + $5 * interval '1 ms'
                  WHERE job_id = $1 AND fencing_token = $2 AND status = 'running'`;
    const parameters = [jobId, token, error.slice(0, 2_000), code ?? null, waitMs];
    if ((await changedCount(this.database, sql, parameters)) === 0) throw new LeaseLost(jobId, token);
  }

  private async bury<Payload extends object>(job: ClaimedJob<Payload>, error: string, onDead: OnDead<Payload>): Promise<void> {
    const afterCommit = await this.database.transaction(async (tx) => {
      const sql = `UPDATE jobs SET status = 'dead', lease_until = NULL, error = $3, ended_at = clock_timestamp()
                    WHERE job_id = $1 AND fencing_token = $2 AND status = 'running'`;
      if ((await changedCount(tx, sql, [job.jobId, job.token, error.slice(0, 2_000)])) === 0) throw new LeaseLost(job.jobId, job.token);
      return onDead(tx, job, error);
    });
    await afterCommit?.();
  }

  /** Ends one job whose last worker vanished, or lets it wait when that cannot be told yet. @returns false when there is none. */
  async buryExpired<Payload extends object>(kind: string, onDead: OnDead<Payload>): Promise<boolean> {
    const [row] = await rows<JobRow>(this.database, EXHAUSTED, [kind]);
    if (!row) return false;
    const job = toClaimed<Payload>(row);
    await this.buryOrDefer(job, { error: `the worker ${job.worker} vanished at the last of ${job.attemptsMax} tries` }, onDead);
    return true;
  }

  /**
   * Ends the leases of workers that are known to be gone, so that nobody waits for them to run out.
   * @returns how many jobs were freed; they are taken over like any other whose lease has run out
   */
  async expireLeasesOf(isGone: (worker: string) => boolean): Promise<number> {
    const running = await rows<{ worker: string }>(this.database, RUNNING_WORKERS);
    const gone = running.map(({ worker }) => worker).filter(isGone);
    if (gone.length === 0) return 0;
    const sql = `UPDATE jobs SET lease_until = clock_timestamp() - interval '1 ms'
                  WHERE status = 'running' AND worker = ANY ($1) AND lease_until > clock_timestamp()`;
    return changedCount(this.database, sql, [gone]);
  }

  async find<Payload extends object>(jobId: string, on: Queryable = this.database): Promise<Job<Payload> | undefined> {
    const [row] = await rows<JobRow>(on, 'SELECT * FROM jobs WHERE job_id = $1', [jobId]);
    return row && toJob<Payload>(row);
  }

  /** All jobs of a backup, restore or verification, in the order in which they were queued. */
  async ofOperation<Payload extends object>(operationId: string, on: Queryable = this.database): Promise<Job<Payload>[]> {
    return (await rows<JobRow>(on, 'SELECT * FROM jobs WHERE operation_id = $1 ORDER BY seq', [operationId])).map((row) =>
      toJob<Payload>(row),
    );
  }

  /**
   * Takes the jobs that are running out of their workers' hands: they end as done without an event, and each worker's next heartbeat aborts
   * its signal with LeaseLost. @returns their ids. For an operation that is given up as a whole, with `withdraw`; `except` is the kind of
   * the job that gives it up.
   */
  async revoke(tx: Queryable, operationId: string, why: string, except = ''): Promise<string[]> {
    const sql = `UPDATE jobs SET status = 'done', fencing_token = fencing_token + 1, lease_until = NULL, error = $2, ended_at = clock_timestamp()
                  WHERE operation_id = $1 AND status = 'running' AND kind <> $3 RETURNING job_id`;
    return (await changed<{ job_id: string }>(tx, sql, [operationId, why, except])).map((row) => row.job_id);
  }

  /** Withdraws the jobs of an operation that nobody has begun. @returns their ids; running ones are for `revoke`. */
  async withdraw(tx: Queryable, operationId: string, why: string, except = ''): Promise<string[]> {
    const sql = `UPDATE jobs SET status = 'done', error = $2, ended_at = clock_timestamp()
                  WHERE operation_id = $1 AND status = 'queued' AND kind <> $3 RETURNING job_id`;
    return (await changed<{ job_id: string }>(tx, sql, [operationId, why, except])).map((row) => row.job_id);
  }

  /** As `withdraw`, but only jobs that nobody ever began: an earlier try may have left something that the next one clears away. */
  async withdrawUntouched(tx: Queryable, operationId: string, why: string): Promise<string[]> {
    const sql = `UPDATE jobs SET status = 'done', error = $2, ended_at = clock_timestamp()
                  WHERE operation_id = $1 AND status = 'queued' AND attempts = 0 RETURNING job_id`;
    return (await changed<{ job_id: string }>(tx, sql, [operationId, why])).map((row) => row.job_id);
  }

  /** Waiting, running and dead jobs by kind, for metrics and readiness. */
  async counts(): Promise<{ kind: string; status: Job['status']; count: number }[]> {
    return rows(this.database, `SELECT kind, status, count(*)::int AS count FROM jobs WHERE status <> 'done' GROUP BY 1, 2 ORDER BY 1, 2`);
  }

  /** Removes rows of jobs that ended more than `olderThanMs` ago, at most 10,000 at a time. Their ids could then be queued again. */
  async forgetEnded(olderThanMs: number): Promise<number> {
    const sql = `DELETE FROM jobs WHERE job_id IN (SELECT job_id FROM jobs WHERE ended_at < clock_timestamp() - $1 * interval '1 ms' LIMIT 10000)`;
    return changedCount(this.database, sql, [olderThanMs]);
  }
}

const ENQUEUE = `
INSERT INTO jobs (job_id, kind, tenant, operation_id, payload, attempts_max)
SELECT j."jobId", j.kind, j.tenant, j."operationId", j.payload, coalesce(j."attemptsMax", 5)
  FROM ROWS FROM (jsonb_to_recordset($1::jsonb)
         AS ("jobId" text, kind text, tenant text, "operationId" text, payload jsonb, "attemptsMax" int)) WITH ORDINALITY AS j
 ORDER BY j.ordinality
ON CONFLICT (job_id) DO NOTHING RETURNING job_id`;

export const RUNNING_WORKERS = `SELECT DISTINCT worker FROM jobs WHERE status = 'running'`;

export const EXHAUSTED = `
SELECT * FROM jobs WHERE kind = $1 AND status = 'running' AND lease_until < clock_timestamp() AND attempts >= attempts_max LIMIT 1`;

function checkPayload({ jobId, payload }: NewJob): void {
  const bytes = Buffer.byteLength(JSON.stringify(payload));
  if (bytes > PAYLOAD_BYTES_MAX) throw new PayloadTooLarge(jobId, bytes, PAYLOAD_BYTES_MAX);
}

/** How an error of a try is counted. */
export function failureOf(error: unknown): Failure {
  const { code } = Object(error) as { code?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  return { error: message, permanent: error instanceof PermanentFailure, ...(typeof code === 'string' && { code }) };
}
