import type { CaptureCommand } from '@dr/domain';
import type { ClaimedJob } from '@dr/jobs';
import type { CapturePayload } from '../plan-backup/plan-backup.ts';

/** How the capture went that a post hook comes after; `none`: it was not begun, or it was given up without a result, and is tried again or not. */
export type CaptureOutcome = 'completed' | 'partial' | 'failed' | 'none';

/** What a hook is told, as JSON on its standard input or as the body of the request. */
export interface HookFacts {
  hook: 'pre' | 'post';
  backup_id: string;
  tenant_id: string;
  dataset_id: string;
  /** Folder of the data set below the source root. */
  path: string;
  /** From 1. Each attempt has its own pre and post; after a kill -9 there is no post of the attempt that died. */
  attempt: number;
  /** Of a post hook. */
  outcome?: CaptureOutcome;
  message?: string;
}

type Job = Pick<ClaimedJob<CapturePayload>, 'tenant' | 'attempts' | 'payload'>;

export const preFacts = ({ tenant, attempts, payload: { backupId, dataset } }: Job): HookFacts => ({
  hook: 'pre',
  backup_id: backupId,
  tenant_id: tenant,
  dataset_id: dataset.datasetId,
  path: dataset.path,
  attempt: attempts,
});

/** `result`: what will be recorded, or the error that ended the attempt. */
export function postFacts(job: Job, result: CaptureCommand | Error): HookFacts {
  const facts = { ...preFacts(job), hook: 'post' } as const;
  if (result instanceof Error) return { ...facts, outcome: 'none', message: result.message };
  if (result.kind === 'recordFailed') return { ...facts, outcome: 'failed', message: result.message };
  const errors = result.findingCounts?.error ?? result.findings.filter(({ severity }) => severity === 'error').length;
  return { ...facts, outcome: errors === 0 ? 'completed' : 'partial' };
}

/** The same, for a command that reads no JSON. */
export const aboutOf = ({ hook, backup_id, tenant_id, dataset_id, path, attempt, outcome }: HookFacts): Record<string, string> => ({
  DR_HOOK: hook,
  DR_BACKUP_ID: backup_id,
  DR_TENANT: tenant_id,
  DR_DATASET_ID: dataset_id,
  DR_DATASET_PATH: path,
  DR_ATTEMPT: String(attempt),
  ...(outcome !== undefined && { DR_OUTCOME: outcome }),
});
