import { integer } from '@dr/event-store';
import type { ClaimedJob, Job, JobStatus } from './job.ts';

/** A row of `jobs` as the driver gives it: bigint as text, jsonb parsed. */
export interface JobRow {
  job_id: string;
  kind: string;
  tenant: string;
  operation_id: string;
  payload: object;
  status: JobStatus;
  attempts: number;
  attempts_max: number;
  fencing_token: string;
  worker: string | null;
  error: string | null;
  error_code: string | null;
}

export function toJob<Payload extends object>(row: JobRow): Job<Payload> {
  return {
    jobId: row.job_id,
    kind: row.kind,
    tenant: row.tenant,
    operationId: row.operation_id,
    payload: row.payload as Payload,
    status: row.status,
    attempts: row.attempts,
    attemptsMax: row.attempts_max,
    ...(row.error !== null && { error: row.error }),
    ...(row.error_code !== null && { errorCode: row.error_code }),
  };
}

export function toClaimed<Payload extends object>(row: JobRow): ClaimedJob<Payload> {
  return { ...toJob<Payload>(row), status: 'running', token: integer(row.fencing_token), worker: row.worker ?? '' };
}
