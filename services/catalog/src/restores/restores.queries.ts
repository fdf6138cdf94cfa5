import { type Queryable, rows } from '@dr/event-store';
import { decodeCursor, encodeCursor } from '../queries/cursor.ts';
import type { TenantScope } from '../queries/tenant-scope.ts';

interface RestoreRow {
  restore_id: string;
  backup_id: string;
  tenant: string;
  target_tenant: string;
  requested_at: string;
  status: string;
  backup_status: string | null;
  doc: Record<string, unknown>;
  datasets: { doc: Record<string, unknown> }[] | null;
}

/** A restore belongs to the tenant of its backup, whatever tenant it goes to: only keys of all tenants restore into another one. */
const SELECT = `SELECT r.restore_id, r.backup_id, r.tenant, r.target_tenant, r.status, r.doc,
    to_char(r.requested_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS requested_at,
    (SELECT b.status FROM catalog_backups b WHERE b.backup_id = r.backup_id) AS backup_status,
    (SELECT jsonb_agg(jsonb_build_object('doc', d.doc) ORDER BY d.n) FROM catalog_restore_datasets d
      WHERE d.restore_id = r.restore_id) AS datasets
  FROM catalog_restores r WHERE ($1::text IS NULL OR r.tenant = $1)`;

const tenantOf = (scope: TenantScope): string | null => ('tenant' in scope ? scope.tenant : null);

export async function findRestore(on: Queryable, restoreId: string, scope: TenantScope): Promise<object | undefined> {
  const [row] = await rows<RestoreRow>(on, `${SELECT} AND r.restore_id = $2`, [tenantOf(scope), restoreId]);
  return row && restoreResource(row);
}

export const LIST_RESTORES = `${SELECT} AND ($2::timestamptz IS NULL OR (r.requested_at, r.restore_id) < ($2, $3::text))
    ORDER BY r.requested_at DESC, r.restore_id DESC LIMIT $4`;

/** Newest first. @throws BadCursor */
export async function listRestores(
  on: Queryable,
  { scope, limit, cursor }: { scope: TenantScope; limit: number; cursor?: string },
): Promise<{ restores: object[]; next_cursor: string | null }> {
  const place = cursor === undefined ? undefined : decodeCursor(cursor);
  const found = await rows<RestoreRow>(on, LIST_RESTORES, [tenantOf(scope), place?.at ?? null, place?.id ?? null, limit + 1]);
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit && last !== undefined;
  return { restores: shown.map(restoreResource), next_cursor: more ? encodeCursor({ at: last.requested_at, id: last.restore_id }) : null };
}

const FAILURES_NAMED_MAX = 5;

/** Why the restore as a whole is not completed, and the first of its data sets that failed: who looks at one line must see why. */
function reasonOf(own: unknown, datasets: readonly Record<string, unknown>[]): string | null {
  const failed = datasets.filter((dataset) => dataset['status'] === 'failed');
  const named = failed.slice(0, FAILURES_NAMED_MAX).map(({ to, error_message }) => `${to}: ${error_message}`);
  const more = failed.length > named.length ? [`and ${failed.length - named.length} more data sets failed.`] : [];
  const reasons = [...(typeof own === 'string' ? [own] : []), ...named, ...more];
  return reasons.length === 0 ? null : reasons.join(' ');
}

/** The Restore of CONTRACT section 2. */
function restoreResource(row: RestoreRow): object {
  const datasets = (row.datasets ?? []).map((d) => d.doc);
  return {
    restore_id: row.restore_id,
    backup_id: row.backup_id,
    backup_status: row.backup_status,
    status: row.status,
    tenant_id: row.tenant,
    target_tenant: row.target_tenant,
    datasets,
    progress: { datasets_total: datasets.length, datasets_done: datasets.filter((d) => d['status'] !== 'pending').length },
    created_at: new Date(row.requested_at).toISOString(),
    cancel_requested_at: row.doc['cancel_requested_at'] ?? null,
    ended_at: row.doc['ended_at'] ?? null,
    error_message: reasonOf(row.doc['error_message'], datasets),
    hooks: row.doc['hooks'] ?? [],
  };
}
