import { type Queryable, rows } from '@dr/event-store';
import { decodeCursor, encodeCursor } from '../queries/cursor.ts';
import { type BackupRow, backupResource } from './backup-resource.ts';

/** Whose backups: one tenant's, or everybody's for a `*` key. */
export type TenantScope = { tenant: string } | { allTenants: true };

export interface ListBackups {
  scope: TenantScope;
  limit: number;
  cursor?: string;
  type?: string;
  status?: string;
  datasetId?: string;
  since?: string;
  until?: string;
}

const COLUMNS = `b.backup_id, b.tenant, to_char(b.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS requested_at,
  b.type, b.status, b.dataset_ids, b.doc, t.description, t.metadata AS user_metadata,
  (SELECT jsonb_agg(jsonb_build_object('n', d.n, 'doc', d.doc) ORDER BY d.n) FROM catalog_backup_datasets d
    WHERE d.backup_id = b.backup_id) AS datasets,
  CASE WHEN b.status IN ('pending', 'running') THEN (SELECT jsonb_build_object('code', j.error_code, 'message', j.error) FROM jobs j
    WHERE j.operation_id = b.backup_id AND j.status = 'queued' AND j.error IS NOT NULL
    ORDER BY (j.error_code = 'store.full') DESC NULLS LAST, j.available_at LIMIT 1) END AS waiting`;

const tenantOf = (scope: TenantScope): string | null => ('tenant' in scope ? scope.tenant : null);

/** One Backup, or undefined when there is none that the scope may see. */
export async function findBackup(on: Queryable, backupId: string, scope: TenantScope): Promise<Record<string, unknown> | undefined> {
  const sql = `SELECT ${COLUMNS} FROM catalog_backups b LEFT JOIN operation_texts t ON t.operation_id = b.backup_id
    WHERE b.backup_id = $1 AND ($2::text IS NULL OR b.tenant = $2)`;
  const [row] = await rows<BackupRow>(on, sql, [backupId, tenantOf(scope)]);
  return row && backupResource(row);
}

/** Newest first. @throws BadCursor */
export async function listBackups(on: Queryable, query: ListBackups): Promise<{ backups: object[]; next_cursor: string | null }> {
  const found = await rows<BackupRow>(on, LIST_BACKUPS, listParameters(query));
  const shown = found.slice(0, query.limit);
  const last = shown.at(-1);
  const more = found.length > query.limit && last !== undefined;
  return { backups: shown.map(backupResource), next_cursor: more ? encodeCursor({ at: last.requested_at, id: last.backup_id }) : null };
}

/** One row more than the limit tells whether there is a next page. */
const LIST_BACKUPS = `SELECT ${COLUMNS} FROM catalog_backups b LEFT JOIN operation_texts t ON t.operation_id = b.backup_id
  WHERE ($1::text IS NULL OR b.tenant = $1) AND ($2::text IS NULL OR b.type = $2) AND ($3::text IS NULL OR b.status = $3)
    AND ($4::text IS NULL OR b.dataset_ids @> ARRAY[$4]) AND ($5::timestamptz IS NULL OR b.requested_at >= $5)
    AND ($6::timestamptz IS NULL OR b.requested_at < $6)
    AND ($7::timestamptz IS NULL OR (b.requested_at, b.backup_id) < ($7, $8::text))
  ORDER BY b.requested_at DESC, b.backup_id DESC LIMIT $9`;

function listParameters(query: ListBackups): unknown[] {
  const place = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const { type = null, status = null, datasetId = null, since = null, until = null } = query;
  return [tenantOf(query.scope), type, status, datasetId, since, until, place?.at ?? null, place?.id ?? null, query.limit + 1];
}
