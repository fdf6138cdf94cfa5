import * as z from 'zod';
import { datasetFormat, nextCursor, time, timeOrNull } from './scalars.ts';

export const BACKUP_TYPES = ['full', 'incremental', 'differential', 'snapshot'] as const;
export const BACKUP_STATUSES = [
  'pending',
  'queued',
  'running',
  'completed',
  'partial',
  'failed',
  'cancelled',
  'deleting',
  'deleted',
] as const;

const countOrNull = z.int().min(0).nullable();

export const finding = z
  .strictObject({
    format: datasetFormat,
    code: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    path: z.string(),
    message: z.string(),
  })
  .meta({ id: 'Finding' });

/** One data set in a backup. Counts, versions and findings appear when it has its result. */
const fileAmount = z.strictObject({ files: z.int(), bytes: z.int() });

const backupDataset = z
  .strictObject({
    dataset_id: z.string(),
    format: datasetFormat,
    status: z.enum(['pending', 'running', 'completed', 'partial', 'failed', 'cancelled']),
    root: z.string().optional().describe('Digest of its tree in the repository.'),
    objects: countOrNull.optional(),
    bytes: countOrNull.optional(),
    new_bytes: countOrNull.optional(),
    head_version: z.string().nullable().optional(),
    branches: z.array(z.looseObject({ name: z.string() })).optional(),
    tags: z.array(z.looseObject({ name: z.string() })).optional(),
    rows: z.union([z.int(), z.string()]).nullable().optional(),
    findings: z.array(finding).optional(),
    parent_id: z.string().nullable().optional().describe('The backup whose copy it was built on; null: every byte was read.'),
    changes: z
      .strictObject({
        change: z.enum(['unchanged', 'changed', 'replaced']).describe('replaced: another data set stands under the name.'),
        rows: z
          .strictObject({ added: z.int(), updated: z.int(), deleted: z.int() })
          .nullable()
          .describe('Of the main branch; null where the format does not tell.'),
        exact: z.boolean(),
        files: z.strictObject({ added: fileAmount, changed: fileAmount, removed: fileAmount }),
      })
      .optional()
      .describe('In an incremental or differential backup: what became of it since `parent_id`, its own one.'),
    pinned_objects: z
      .int()
      .min(0)
      .optional()
      .describe('In a snapshot: files of it that are only pinned by identity, so that the repository does not hold them.'),
    pinned_bytes: z.int().min(0).optional().describe('Their bytes.'),
    error_code: z.string().optional(),
    error_message: z.string().nullable().optional(),
  })
  .meta({ id: 'BackupDataset' });

/** What a full backup holds beside its data sets. */
const systemStateItem = z
  .strictObject({
    name: z.string(),
    status: backupDataset.shape.status,
    objects: countOrNull.optional(),
    bytes: countOrNull.optional(),
    new_bytes: countOrNull.optional(),
    findings: z.array(finding).optional(),
    error_code: z.string().optional(),
    error_message: z.string().nullable().optional(),
  })
  .meta({ id: 'SystemStateItem' });

export const leftOutResource = z
  .strictObject({
    total: z.int(),
    lost: z.int().describe('Of these, what may hold data that was meant. The backup is `partial` for it.'),
    paths: z.array(z.strictObject({ path: z.string(), reason: z.string() })).describe('Some of them, what is lost first.'),
  })
  .meta({ id: 'LeftOut' });

export const operationProgress = z
  .strictObject({ datasets_total: z.int(), datasets_done: z.int() })
  .describe('Data sets that have their result, out of those selected. Bytes: GET /operations/{id}/progress.');

/** The Backup of CONTRACT section 2. */
export const backupResource = z
  .strictObject({
    backup_id: z.string(),
    timestamp: time,
    type: z.enum(BACKUP_TYPES),
    status: z.enum(BACKUP_STATUSES),
    tenant_id: z.string(),
    dataset_ids: z.array(z.string()),
    datasets: z.array(backupDataset),
    system_state: z
      .array(systemStateItem)
      .describe('Of a full backup. Its content is for admins of all tenants: `dr restore --system-state`.'),
    left_out: leftOutResource.nullable().describe('Of a backup of all data sets: what lay among them and is in none.'),
    parent_id: z.string().nullable().describe('The newest of the backups that its data sets were built on; null: every byte was read.'),
    size_bytes: countOrNull,
    compressed_size_bytes: countOrNull.describe('What this backup added to the store.'),
    checksum: z.string().nullable().describe('Of the sealed manifest.'),
    duration_seconds: z.number().min(0).nullable(),
    storage_path: z.string().nullable(),
    error_code: z.string().nullable(),
    error_message: z.string().nullable(),
    cancel_requested_at: timeOrNull.describe('When somebody asked to cancel it.'),
    progress: operationProgress,
    verified_at: timeOrNull,
    verification: z.looseObject({}).nullable(),
    replicas: z.array(z.looseObject({})),
    holds: z.array(z.looseObject({})),
    expires_at: timeOrNull,
    purge_after: timeOrNull.describe('Of a deleted backup: its bytes stay until then, and it can be undeleted.'),
    retention_reasons: z.array(z.string()),
    metadata: z.looseObject({
      created_by: z.string(),
      description: z.string().nullable(),
      promoted_from: z.string().optional().describe('The snapshot whose state this full made whole.'),
    }),
  })
  .meta({ id: 'Backup' });

export const backupPage = z.strictObject({ backups: z.array(backupResource), next_cursor: nextCursor });
