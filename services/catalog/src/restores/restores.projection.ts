import type { DomainEvent, ReadEvent } from '@dr/domain';
import type { Queryable } from '@dr/event-store';

type Of<Type extends DomainEvent['type']> = Extract<ReadEvent, { type: Type }>;

/** Keeps `catalog_restores` and `catalog_restore_datasets`. */
export async function projectRestore(tx: Queryable, event: ReadEvent): Promise<void> {
  switch (event.type) {
    case 'RestoreRequested':
      return insertRestore(tx, event);
    case 'RestoreStarted':
      return update(tx, event, 'running', { started_at: event.recordedAt });
    case 'RestoreSwapping':
      return update(tx, event, 'swapping', {});
    case 'DatasetRestored':
      return recordDataset(tx, event, {
        status: event.data.lacks === undefined ? 'completed' : 'partial',
        ...(event.data.lacks !== undefined && { error_message: event.data.lacks }),
        objects: event.data.objects,
        bytes: event.data.bytes,
        findings: event.data.findings,
      });
    case 'DatasetRestoreFailed':
      return recordDataset(tx, event, {
        status: event.data.code === 'restore.cancelled' ? 'cancelled' : 'failed',
        error_code: event.data.code,
        error_message: event.data.message,
      });
    case 'RestoreEnded':
      return endRestore(tx, event);
    case 'RestoreCancelRequested':
      return note(tx, event, { cancel_requested_at: event.recordedAt });
    case 'RestoreHooksRan':
      return note(tx, event, { hooks: event.data.hooks });
  }
}

const restoreIdOf = (stream: string): string => stream.slice('restore-'.length);

async function insertRestore(tx: Queryable, { data, recordedAt }: Of<'RestoreRequested'>): Promise<void> {
  await tx.query(
    `INSERT INTO catalog_restores (restore_id, backup_id, tenant, target_tenant, requested_at, status, doc)
     VALUES ($1, $2, $3, $4, $5, 'pending', $6) ON CONFLICT DO NOTHING`,
    [
      data.restoreId,
      data.backupId,
      data.tenant,
      data.targetTenant,
      recordedAt,
      JSON.stringify({ created_by: data.requestedBy, options: data.options }),
    ],
  );
  const docs = data.datasets.map((d) => JSON.stringify({ from: d.from, to: d.to, status: 'pending', bytes: null, findings: [] }));
  await tx.query(
    `INSERT INTO catalog_restore_datasets (restore_id, n, doc)
     SELECT $1, n, doc FROM unnest($2::int[], $3::jsonb[]) AS d (n, doc) ON CONFLICT DO NOTHING`,
    [data.restoreId, data.datasets.map((d) => d.n), docs],
  );
}

async function update(tx: Queryable, { stream }: ReadEvent, status: string, fields: object): Promise<void> {
  await tx.query('UPDATE catalog_restores SET status = $2, doc = doc || $3::jsonb WHERE restore_id = $1', [
    restoreIdOf(stream),
    status,
    JSON.stringify(fields),
  ]);
}

/** What had no result at the end was given up with the restore. */
async function endRestore(tx: Queryable, event: Of<'RestoreEnded'>): Promise<void> {
  const { outcome, message } = event.data;
  await update(tx, event, outcome, { ended_at: event.recordedAt, error_message: message ?? null });
  await tx.query(
    `UPDATE catalog_restore_datasets SET doc = doc || jsonb_build_object('status', $2::text)
      WHERE restore_id = $1 AND doc ->> 'status' = 'pending'`,
    [restoreIdOf(event.stream), outcome === 'cancelled' ? 'cancelled' : 'failed'],
  );
}

async function note(tx: Queryable, { stream }: ReadEvent, fields: object): Promise<void> {
  const sql = 'UPDATE catalog_restores SET doc = doc || $2::jsonb WHERE restore_id = $1';
  await tx.query(sql, [restoreIdOf(stream), JSON.stringify(fields)]);
}

async function recordDataset(tx: Queryable, event: Of<'DatasetRestored'> | Of<'DatasetRestoreFailed'>, fields: object): Promise<void> {
  await tx.query('UPDATE catalog_restore_datasets SET doc = doc || $3::jsonb WHERE restore_id = $1 AND n = $2', [
    restoreIdOf(event.stream),
    event.data.n,
    JSON.stringify(fields),
  ]);
}
