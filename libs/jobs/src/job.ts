import type { Queryable } from '@dr/event-store';

/** A piece of work to hand out. The row is coordination: what happened is told by events, and lost rows can be made again from them. */
export interface NewJob<Payload extends object = object> {
  /** Unique for ever; enqueueing it again changes nothing. Derive it from the event that asks for the work. */
  jobId: string;
  kind: string;
  tenant: string;
  /** Backup, restore or verification that the job belongs to. */
  operationId: string;
  /** Small JSON: ids and references, at most PAYLOAD_BYTES_MAX. */
  payload: Payload;
  /** Tries in all before the job is dead, default 5. Being handed back does not count. */
  attemptsMax?: number;
}

export type JobStatus = 'queued' | 'running' | 'done' | 'dead';

export interface Job<Payload extends object = object> extends Required<NewJob<Payload>> {
  status: JobStatus;
  /** Claims so far, the present one included. */
  attempts: number;
  /** Why the last try ended, or why the job is dead. */
  error?: string;
  /** The stable code of that error, such as 'store.full'. */
  errorCode?: string;
}

/** A job in a worker's hands. `token` grows with every claim: who holds an older one can no longer write anything. */
export interface ClaimedJob<Payload extends object = object> extends Job<Payload> {
  status: 'running';
  token: number;
  worker: string;
}

/** Runs after COMMIT, once at most; lost when the process dies. For nudges. */
export type AfterCommit = () => Promise<void> | void;

/** The end of a job: appends its events in the transaction that checks the token. */
export type EndJob = (tx: Queryable) => Promise<AfterCommit | undefined>;

export const PAYLOAD_BYTES_MAX = 65_536;
