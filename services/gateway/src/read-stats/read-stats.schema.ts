import * as z from 'zod';
import { route } from '../http/route.ts';
import { BACKUP_TYPES, backupPage } from '../resources/backup.ts';
import { cursor } from '../resources/scalars.ts';

const tenantFilter = z.string().optional().describe("Only this tenant's. A tenant's own administrator sees nothing else anyway.");

const listAllQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: cursor.optional(),
  tenant_filter: tenantFilter,
});
export type ListAllQuery = z.infer<typeof listAllQuery>;

export const listAllBackups = route({
  method: 'GET',
  path: '/admin/backups',
  scope: 'admin',
  tag: 'Operation',
  summary: 'Backups of all tenants, newest first',
  query: listAllQuery,
  replies: { 200: { description: 'A page of backups.', schema: backupPage } },
  problems: { 404: 'There is no such tenant that this key may see.' },
});

const statsQuery = z.strictObject({ tenant_filter: tenantFilter });
export type StatsQuery = z.infer<typeof statsQuery>;

const count = z.int().min(0);
const ratio = z.number().min(0).nullable();

export const stats = z
  .strictObject({
    total_backups: count.describe('All that were ever asked for, deleted and unfinished ones too.'),
    completed_backups: count,
    failed_backups: count,
    success_rate: ratio.describe('Completed out of completed, partial and failed, 0 to 1; null: none has ended.'),
    total_size_bytes: count.describe('Bytes of all data sets in all backups that are completed or partial, each counted whole.'),
    compressed_size_bytes: count.describe('Bytes that these backups added to the store.'),
    compression_ratio: ratio.describe('New bytes before compression, divided by what was stored of them.'),
    dedup_ratio: ratio.describe('total_size_bytes divided by the bytes that were new when they were backed up.'),
    type_breakdown: z.partialRecord(z.enum(BACKUP_TYPES), z.strictObject({ count, size: count })),
    storage_backend: z.string(),
    retention_days: z.int().nullable(),
  })
  .meta({ id: 'BackupStats' });

export const readStats = route({
  method: 'GET',
  path: '/admin/backups/stats',
  scope: 'admin',
  tag: 'Operation',
  summary: 'What all backups come to: counts, sizes, ratios',
  query: statsQuery,
  replies: { 200: { description: 'The statistics, from the event log.', schema: stats } },
  problems: { 404: 'There is no such tenant that this key may see: no backup, no key and nothing at the source is of it.' },
});
