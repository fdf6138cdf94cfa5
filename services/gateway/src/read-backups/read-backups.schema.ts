import * as z from 'zod';

const STATUSES = ['pending', 'queued', 'running', 'completed', 'partial', 'failed', 'cancelled', 'deleting', 'deleted'] as const;

/** CONTRACT section 2, GET /backups. Query values are text; numbers and times are read from it. */
export const listBackupsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().max(1024).optional(),
  type: z.enum(['full', 'incremental', 'differential', 'snapshot']).optional(),
  status: z.enum(STATUSES).optional(),
  dataset_id: z.string().optional(),
  tenant_id: z.string().optional(),
  since: z.iso.datetime({ offset: true }).optional(),
  until: z.iso.datetime({ offset: true }).optional(),
});

export type ListBackupsQuery = z.infer<typeof listBackupsQuery>;
