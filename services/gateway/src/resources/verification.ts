import * as z from 'zod';
import { time, timeOrNull } from './scalars.ts';

const damage = z
  .strictObject({ object: z.string(), kind: z.string(), message: z.string(), paths: z.array(z.string()).optional() })
  .meta({ id: 'Damage' });

export const verificationResource = z
  .strictObject({
    verification_id: z.string(),
    backup_id: z.string(),
    backup_status: z
      .string()
      .nullable()
      .describe('partial: what is stored was checked, and the backup lacks something of what it was to hold.'),
    tenant_id: z.string(),
    status: z.enum(['pending', 'running', 'passed', 'failed', 'error']),
    level: z.enum(['quick', 'full']),
    objects: z.int().nullable(),
    bytes: z.int().nullable(),
    findings: z.array(damage),
    findings_total: z.int().nullable(),
    pinned_objects: z.int().optional().describe('Of a snapshot: files that were not checked, since it only pins them by identity.'),
    pinned_bytes: z.int().optional(),
    created_at: time,
    ended_at: timeOrNull,
    error_message: z.string().nullable(),
  })
  .meta({ id: 'Verification' });
