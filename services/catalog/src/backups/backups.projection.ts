import type { DatasetCaptured, DatasetCaptureFailed, DomainEvent, ReadEvent } from '@dr/domain';
import type { Queryable } from '@dr/event-store';

type Of<Type extends DomainEvent['type']> = Extract<ReadEvent, { type: Type }>;

/** Keeps `catalog_backups` and `catalog_backup_datasets`. Every statement may be repeated with the same event. */
export async function projectBackup(tx: Queryable, event: ReadEvent): Promise<void> {
  switch (event.type) {
    case 'BackupRequested':
      return insertBackup(tx, event);
    case 'BackupStarted':
      return update(tx, event, 'running', { started_at: event.recordedAt });
    case 'BackupCapturesEnded':
      return update(tx, event, undefined, { captures: event.data });
    case 'BackupCancelRequested':
      return update(tx, event, undefined, { cancel_requested_at: event.recordedAt });
    case 'BackupSealed':
      return update(tx, event, event.data.outcome, sealedFields(event));
    case 'BackupFailed':
      return update(tx, event, 'failed', { ended_at: event.recordedAt, error_code: event.data.code, error_message: event.data.message });
    case 'BackupCancelled':
      return recordCancelled(tx, event);
    case 'BackupVerified':
      return update(tx, event, undefined, { verified_at: event.data.at, verification: event.data });
    case 'BackupDeleteRequested':
      return beginDeletion(tx, event);
    case 'BackupDeleted':
      return update(tx, event, 'deleted', { purge_after: event.data.purgeAfter });
    case 'BackupUndeleted':
      return takeBack(tx, event);
    case 'DatasetCaptured':
    case 'DatasetCaptureFailed':
      return recordCapture(tx, event);
  }
}

async function insertBackup(tx: Queryable, { data, recordedAt, meta }: Of<'BackupRequested'>): Promise<void> {
  const doc = {
    parent_id: data.parentId ?? null,
    created_by: data.requestedBy,
    trace: meta.traceparent ?? null,
    expected: data.datasets.length,
  };
  await tx.query(
    `INSERT INTO catalog_backups (backup_id, tenant, requested_at, type, status, dataset_ids, doc)
     VALUES ($1, $2, $3, $4, 'pending', $5, $6) ON CONFLICT (backup_id) DO NOTHING`,
    [data.backupId, data.tenant, recordedAt, data.backupType, data.datasets.map((d) => d.datasetId), JSON.stringify(doc)],
  );
  await tx.query(
    `INSERT INTO catalog_backup_datasets (backup_id, n, dataset_id, doc, tenant, requested_at)
     SELECT $1, n, dataset_id, doc, $5, $6 FROM unnest($2::int[], $3::text[], $4::jsonb[]) AS d (n, dataset_id, doc) ON CONFLICT DO NOTHING`,
    [
      data.backupId,
      data.datasets.map((d) => d.n),
      data.datasets.map((d) => d.datasetId),
      data.datasets.map((d) => JSON.stringify({ dataset_id: d.datasetId, format: d.format, status: 'pending' })),
      data.tenant,
      recordedAt,
    ],
  );
}

/** `backup-<id>` → the id. */
const backupIdOf = (stream: string): string => stream.slice('backup-'.length);

async function update(tx: Queryable, { stream }: ReadEvent, status: string | undefined, fields: object): Promise<void> {
  await tx.query('UPDATE catalog_backups SET status = coalesce($2, status), doc = doc || $3::jsonb WHERE backup_id = $1', [
    backupIdOf(stream),
    status ?? null,
    JSON.stringify(fields),
  ]);
}

/** Data sets that have no result now will never have one. */
async function recordCancelled(tx: Queryable, event: Of<'BackupCancelled'>): Promise<void> {
  await update(tx, event, 'cancelled', { ended_at: event.recordedAt });
  await tx.query(
    `UPDATE catalog_backup_datasets SET doc = doc || '{"status": "cancelled"}' WHERE backup_id = $1 AND doc ->> 'status' = 'pending'`,
    [backupIdOf(event.stream)],
  );
}

/** How it ended is kept for when it comes back. */
async function beginDeletion(tx: Queryable, { stream }: Of<'BackupDeleteRequested'>): Promise<void> {
  await tx.query(
    `UPDATE catalog_backups SET status = 'deleting', doc = doc || jsonb_build_object('ended_as', coalesce(doc ->> 'ended_as', status))
      WHERE backup_id = $1`,
    [backupIdOf(stream)],
  );
}

async function takeBack(tx: Queryable, { stream }: Of<'BackupUndeleted'>): Promise<void> {
  await tx.query(
    `UPDATE catalog_backups SET status = coalesce(doc ->> 'ended_as', status), doc = doc - 'ended_as' - 'purge_after' WHERE backup_id = $1`,
    [backupIdOf(stream)],
  );
}

const sealedFields = ({ data, recordedAt }: Of<'BackupSealed'>): object => ({
  ended_at: recordedAt,
  checksum: data.checksum,
  storage_path: data.storagePath,
  committed_at: data.committedAt,
  size_bytes: data.bytes,
  compressed_size_bytes: data.storedBytes,
  new_bytes: data.newBytes,
  objects: data.objects,
  missing: data.missing,
  error_message: data.missing.length === 0 ? null : data.missing.map((m) => `${m.datasetId}: ${m.cause}`).join('; '),
});

async function recordCapture(tx: Queryable, event: Of<'DatasetCaptured'> | Of<'DatasetCaptureFailed'>): Promise<void> {
  const doc = event.type === 'DatasetCaptured' ? capturedFields(event.data) : failedFields(event.data);
  await tx.query('UPDATE catalog_backup_datasets SET doc = doc || $3::jsonb WHERE backup_id = $1 AND n = $2', [
    event.data.backupId,
    event.data.n,
    JSON.stringify(doc),
  ]);
}

const capturedFields = (data: DatasetCaptured): object => ({
  format: data.format,
  status: data.intact ? 'completed' : 'partial',
  root: data.root,
  objects: data.objects,
  bytes: data.bytes,
  new_bytes: data.newBytes,
  head_version: data.headVersion ?? null,
  branches: data.branches,
  tags: data.tags,
  rows: data.rows,
  findings: data.findings,
  parent_id: data.baseBackupId ?? null,
});

const failedFields = (data: DatasetCaptureFailed): object => ({
  status: 'failed',
  error_code: data.code,
  error_message: data.message,
  findings: data.findings,
});
