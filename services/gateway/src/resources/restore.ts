import * as z from 'zod';
import { finding, operationProgress } from './backup.ts';
import { nextCursor, time, timeOrNull } from './scalars.ts';

export const RESTORE_STATUSES = [
  'pending',
  'queued',
  'running',
  'verifying',
  'swapping',
  'completed',
  'partial',
  'failed',
  'cancelled',
] as const;

const restoredDataset = z
  .strictObject({
    from: z.string(),
    to: z.string(),
    status: z.enum(['pending', 'running', 'completed', 'partial', 'failed', 'cancelled']),
    objects: z.int().optional(),
    bytes: z.int().nullable(),
    findings: z.array(finding),
    error_code: z.string().optional(),
    error_message: z.string().nullable().optional(),
  })
  .meta({ id: 'RestoredDataset' });

/** The Restore of CONTRACT section 2. */
export const restoreResource = z
  .strictObject({
    restore_id: z.string(),
    backup_id: z.string(),
    backup_status: z.string().nullable().describe('partial: the backup lacks something of what it was to hold.'),
    status: z.enum(RESTORE_STATUSES),
    tenant_id: z.string().describe('Of the backup.'),
    target_tenant: z.string(),
    datasets: z.array(restoredDataset),
    progress: operationProgress,
    created_at: time,
    cancel_requested_at: timeOrNull,
    ended_at: timeOrNull,
    error_message: z.string().nullable(),
    hooks: z
      .array(z.strictObject({ name: z.string(), ok: z.boolean(), blocking: z.boolean(), message: z.string() }))
      .describe('Commands and URLs of the configuration that ran after the data sets were in place.'),
  })
  .meta({ id: 'Restore' });

export const restorePage = z.strictObject({ restores: z.array(restoreResource), next_cursor: nextCursor });
