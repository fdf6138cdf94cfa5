import type { Commit } from '@dr/repository';
import type { RestorePlan } from '@dr/restore';
import type { RestorePlan as PlanResource, RestoredVersion } from '../resources.ts';

/** A plan as the gateway would tell it. The time is unknown: no restore was measured here. */
export function planView(plan: RestorePlan, { backupId, tenant, datasets: held }: Commit, targetTenant: string): PlanResource {
  const datasets = plan.datasets.map(({ fingerprint: _, target, version, pinned, ...dataset }) => ({
    ...dataset,
    ...(version && { version: versionView(version) }),
    ...(pinned && { pinned: { held: pinned.held, live: pinned.live, missing: pinned.missing, missing_paths: pinned.missingPaths } }),
    target: { ...target, locks: target.locks.map(({ path, ageSeconds, fresh }) => ({ path, age_seconds: ageSeconds, fresh })) },
  }));
  return {
    dry_run: true,
    backup_id: backupId,
    tenant_id: tenant,
    target_tenant: targetTenant,
    possible: plan.conflicts.length === 0,
    datasets,
    lacking: held.filter(({ root }) => root === undefined).map(({ datasetId, status }) => ({ dataset_id: datasetId, cause: status })),
    objects: plan.objects,
    bytes: plan.bytes,
    bytes_needed: plan.bytesNeeded,
    bytes_free: plan.bytesFree ?? null,
    estimated_seconds: null,
    conflicts: plan.conflicts,
    warnings: plan.warnings,
  };
}

const versionView = ({ committedAtMs, cutOff, ...version }: NonNullable<RestorePlan['datasets'][number]['version']>): RestoredVersion => ({
  ...version,
  ...(committedAtMs !== undefined && { committed_at: new Date(committedAtMs).toISOString() }),
  cut_off: cutOff,
});
