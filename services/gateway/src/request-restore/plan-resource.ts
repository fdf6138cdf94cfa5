import * as z from 'zod';
import { time } from '../resources/scalars.ts';
import type { PlannedRequest, PlanView, VersionView } from './ask-plan.ts';

const amount = z.strictObject({ files: z.int(), bytes: z.int() });

const versionPlan = z
  .strictObject({
    branch: z.string(),
    version: z.string(),
    rows: z.int(),
    message: z.string().optional(),
    committed_at: time.optional().describe('Absent for uncommitted work of a v3 head.'),
    cut_off: z
      .strictObject({ versions: z.int(), branches: z.array(z.string()), tags: z.array(z.string()), files: z.int(), bytes: z.int() })
      .describe('What is left out: later versions, branches and tags that the version does not need, and the files that only they need.'),
  })
  .meta({ id: 'RestoredVersion' });

const pinnedAmount = z.strictObject({ objects: z.int(), bytes: z.int() });

const datasetPlan = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    format: z.enum(['v3', 'v4', 'opaque']),
    status: z.enum(['completed', 'partial']).describe('partial: the backup holds it with loss.'),
    objects: z.int(),
    bytes: z.int(),
    target: z.strictObject({
      exists: z.boolean(),
      objects: z.int(),
      bytes: z.int(),
      locks: z.array(z.strictObject({ path: z.string(), age_seconds: z.int(), fresh: z.boolean() })),
    }),
    version: versionPlan.optional().describe('With `version` or `as_of`: what the data set will be.'),
    changes: z
      .strictObject({ added: amount, replaced: amount, same: amount, removed: amount })
      .optional()
      .describe('Files of the target afterwards. `same` have the size and time of the backup’s; they are written all the same.'),
    pinned: z
      .strictObject({
        held: pinnedAmount.describe('In other backups.'),
        live: pinnedAmount.describe('At the source, as they were.'),
        missing: pinnedAmount.describe('Nowhere any more.'),
        missing_paths: z.array(z.string()).describe('At most 100 of those that are missing.'),
      })
      .optional()
      .describe('Of a snapshot: where the files are that it only pins.'),
  })
  .meta({ id: 'DatasetRestorePlan' });

const conflict = z.strictObject({
  code: z.string(),
  message: z.string(),
  dataset: z.string().optional(),
  versions: z
    .array(z.string())
    .optional()
    .describe('Of a version that a data set does not have: names of those that it has, the nearest first.'),
});

/** What a restore would do; the answer to a dry run. */
export const restorePlan = z
  .strictObject({
    dry_run: z.literal(true),
    backup_id: z.string(),
    tenant_id: z.string(),
    target_tenant: z.string(),
    possible: z.boolean().describe('false: the restore would be refused, or data sets of it would; `conflicts` says why.'),
    datasets: z.array(datasetPlan),
    lacking: z.array(z.strictObject({ dataset_id: z.string(), cause: z.string() })).describe('What the backup does not hold.'),
    objects: z.int(),
    bytes: z.int(),
    bytes_needed: z.int().describe('Free space that is taken at the worst moment.'),
    bytes_free: z.int().nullable(),
    estimated_seconds: z.number().nullable().describe('At the measured rate of earlier restores; null before the first.'),
    bytes_per_second: z.number().nullable(),
    conflicts: z.array(conflict),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'RestorePlan' });

type Lacking = readonly { readonly datasetId: string; readonly cause: string }[];

export function planResource(plan: PlanView, asked: PlannedRequest & { lacking: Lacking }): z.infer<typeof restorePlan> {
  const { datasets, objects, bytes, conflicts, warnings } = plan;
  return {
    dry_run: true,
    backup_id: asked.backupId,
    tenant_id: asked.tenant,
    target_tenant: asked.targetTenant,
    possible: conflicts.length === 0,
    datasets: datasets.map(datasetResource),
    lacking: asked.lacking.map(({ datasetId, cause }) => ({ dataset_id: datasetId, cause })),
    objects,
    bytes,
    bytes_needed: plan.bytesNeeded,
    bytes_free: plan.bytesFree,
    estimated_seconds: plan.seconds,
    bytes_per_second: plan.rate === null ? null : Math.round(plan.rate),
    conflicts,
    warnings,
  };
}

function datasetResource({ fingerprint: _, target, version, pinned, ...plan }: PlanView['datasets'][number]): z.infer<typeof datasetPlan> {
  const locks = target.locks.map(({ path, ageSeconds, fresh }) => ({ path, age_seconds: ageSeconds, fresh }));
  const more = { ...(version && { version: versionResource(version) }), ...(pinned && { pinned: pinnedResource(pinned) }) };
  return { ...plan, target: { ...target, locks }, ...more };
}

const versionResource = ({ committedAtMs, cutOff, ...version }: VersionView): z.infer<typeof versionPlan> => ({
  ...version,
  ...(committedAtMs !== undefined && { committed_at: new Date(committedAtMs).toISOString() }),
  cut_off: cutOff,
});

const pinnedResource = ({ missingPaths, ...amounts }: NonNullable<PlanView['datasets'][number]['pinned']>) => ({
  ...amounts,
  missing_paths: missingPaths,
});
