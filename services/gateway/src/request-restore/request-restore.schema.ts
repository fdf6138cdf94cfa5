import * as z from 'zod';
import { route } from '../http/route.ts';
import { idempotencyHeaders } from '../idempotency/idempotent-requests.ts';
import { restoreResource } from '../resources/restore.ts';
import { byId, datasetName, moment, tenantName } from '../resources/scalars.ts';
import { waitSeconds } from '../wait-for-end/wait-for-end.ts';
import { restorePlan } from './plan-resource.ts';

/** CONTRACT section 2, POST /backups/{id}/restore. */
export const requestRestoreBody = z
  .strictObject({
    backup_id: z.string().optional(),
    target_tenant: tenantName.optional(),
    dataset_mapping: z.record(datasetName, datasetName).optional(),
    overwrite_existing: z.boolean().default(false),
    force: z
      .boolean()
      .default(false)
      .describe(
        'With overwrite_existing: also replace what a writer seems to have locked, or what changed after the restore was asked for.',
      ),
    verify_integrity: z.boolean().default(true),
    restore_indexes: z.boolean().default(true),
    restore_metadata: z.boolean().default(true),
    dry_run: z.boolean().default(false).describe('Answers with the plan, status 200, and writes nothing.'),
    keep_torn_head: z.boolean().default(false),
    dataset_ids: z.array(datasetName).min(1).max(10_000).optional(),
    paths: z
      .array(z.string().min(1).max(1024))
      .min(1)
      .max(1000)
      .optional()
      .describe('Globs; a folder that matches counts with everything below it. Only into a new data set, and the restore is `partial`.'),
    version: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe(
        'A commit, tag or branch: each data set is restored as of it, without what only later versions need. ' +
          'A v4 version that several branches have is written `branch:version`. All data sets must have it. Not with `paths`.',
      ),
  })
  .prefault({});

export type RequestRestoreBody = z.infer<typeof requestRestoreBody>;

/** With `latest` in the path: which backup of that tenant, and the moment that its data sets are cut to. */
export const latestQuery = z.strictObject({
  as_of: moment
    .optional()
    .describe(
      'With `latest`: each data set as it was then. The oldest backup from after that moment whose histories reach back to it is cut to it; ' +
        'else the newest from before is taken as it was captured.',
    ),
  tenant_id: z.string().optional(),
  wait: waitSeconds,
});

export type LatestQuery = z.infer<typeof latestQuery>;

export const requestRestore = route({
  method: 'POST',
  path: '/backups/{id}/restore',
  scope: 'restore:run',
  tag: 'Restores',
  summary: 'Restore a backup, or some of its data sets',
  description: 'The id may be `latest`. A target tenant other than the key’s own needs a key of all tenants.',
  params: byId,
  query: latestQuery,
  headers: idempotencyHeaders,
  body: requestRestoreBody,
  replies: {
    200: {
      description: 'With `dry_run` the plan, and nothing was written; with `wait` the restore, which has ended.',
      schema: z.union([restorePlan, restoreResource]),
    },
    202: {
      description: 'Accepted; follow it under Location.',
      schema: restoreResource,
      headers: { Location: 'Where the restore is to be read.' },
    },
  },
  problems: {
    404: 'There is no such backup or tenant that this key may see.',
    409: 'The backup is not sealed, or something is in the way: a target that exists, is locked or cannot be written, another restore, too little space.',
    422: 'The backup does not hold what was named, or an option cannot be honoured, such as a version that a data set does not have.',
  },
});
