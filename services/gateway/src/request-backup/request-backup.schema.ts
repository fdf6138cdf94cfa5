import * as z from 'zod';

/** CONTRACT section 2, POST /backups. Unknown fields are refused: a typo such as `dataset_id` must not widen a backup. */
export const requestBackupBody = z.strictObject({
  type: z.enum(['full', 'incremental', 'differential', 'snapshot']).default('full'),
  dataset_ids: z.array(z.string().min(1).max(1024)).min(1).max(10_000).optional(),
  tenant_id: z.string().min(1).max(255).optional(),
  all_tenants: z.boolean().optional(),
  description: z.string().max(4096).optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

export type RequestBackupBody = z.infer<typeof requestBackupBody>;
