import { type Caller, listedTenant } from '@dr/auth';
import { isTenantName } from '@dr/deeplake';
import type { RequestRestore, RestoreOptions } from '@dr/domain';
import type { BackupView } from '../catalog-client.ts';
import { statusOf } from '../http/error-status.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import type { PlanConflict } from './ask-plan.ts';
import type { RequestRestoreBody } from './request-restore.schema.ts';

export function refuseMismatch(backupId: string, { backup_id }: RequestRestoreBody): void {
  if (backup_id === undefined || backup_id === backupId) return;
  throw new HttpProblem(400, 'request.invalid', `The body names backup ${backup_id}, the path ${backupId}. They must match.`);
}

/** A target tenant other than the key's own needs a key of all tenants. */
export function targetOf(caller: Caller, backup: BackupView, { target_tenant }: RequestRestoreBody): string {
  const target = target_tenant ?? backup.tenant_id;
  if (listedTenant(caller, target) === undefined) throw notFound('tenant', target);
  if (isTenantName(target)) return target;
  throw new HttpProblem(422, 'restore.bad_target', `${JSON.stringify(target)} cannot be a tenant's name; nothing was restored.`, {
    errors: [{ pointer: '/target_tenant', message: 'must be one good folder name' }],
  });
}

export const optionsOf = (body: RequestRestoreBody): RestoreOptions => ({
  overwriteExisting: body.overwrite_existing,
  datasetMapping: body.dataset_mapping ?? {},
  verifyIntegrity: body.verify_integrity,
  restoreIndexes: body.restore_indexes,
  restoreMetadata: body.restore_metadata,
  keepTornHead: body.keep_torn_head,
  paths: body.paths ?? [],
  force: body.force,
  ...(body.version !== undefined && { version: body.version }),
});

const NAMED_MAX = 20;

/** The first conflict gives code and status; all are told. */
export function refuseConflicts(conflicts: readonly PlanConflict[]): void {
  const [first] = conflicts;
  if (first === undefined) return;
  const told = conflicts.slice(0, NAMED_MAX).map(({ message }) => message);
  const more = conflicts.length > NAMED_MAX ? ` And ${conflicts.length - NAMED_MAX} more.` : '';
  throw new HttpProblem(statusOf(first.code), first.code, `Nothing was restored. ${told.join(' ')}${more}`);
}

/** A plan in detail must fit an answer of the bus. */
const PLANNED_MAX = 1_000;

export function refuseLargePlan({ datasets }: Pick<RequestRestore, 'datasets'>): void {
  if (datasets.length <= PLANNED_MAX) return;
  const detail = `A dry run shows at most ${PLANNED_MAX} data sets and this one has ${datasets.length}; nothing was written. Split it by dataset_ids.`;
  throw new HttpProblem(422, 'restore.plan_too_large', detail);
}
