import * as z from 'zod';

const name = z.string().min(1).max(1024);

/** CONTRACT section 2, POST /backups/{id}/restore. */
export const requestRestoreBody = z.strictObject({
  backup_id: z.string().optional(),
  target_tenant: z.string().min(1).max(255).optional(),
  dataset_mapping: z.record(name, name).optional(),
  overwrite_existing: z.boolean().default(false),
  verify_integrity: z.boolean().default(true),
  restore_indexes: z.boolean().default(true),
  restore_metadata: z.boolean().default(true),
  dry_run: z.boolean().default(false),
  keep_torn_head: z.boolean().default(false),
  dataset_ids: z.array(name).min(1).max(10_000).optional(),
  paths: z.array(z.string().min(1)).min(1).optional(),
  version: z.string().min(1).optional(),
});

export type RequestRestoreBody = z.infer<typeof requestRestoreBody>;

/** With `latest` in the path: the newest backup by that time, of that tenant. */
export const latestQuery = z.strictObject({ as_of: z.iso.datetime({ offset: true }).optional(), tenant_id: z.string().optional() });

export type LatestQuery = z.infer<typeof latestQuery>;
