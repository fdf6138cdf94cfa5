import { type Queryable, rows } from '@dr/event-store';
import { encodeCursor } from '../queries/cursor.ts';
import type { TenantScope } from '../queries/tenant-scope.ts';
import { type BackupRow, backupResource, COLUMNS } from './backup-resource.ts';
import { type ListBackups, listQuery } from './list-query.ts';

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
  const { sql, values } = listQuery(query);
  const found = await rows<BackupRow>(on, sql, values);
  const shown = found.slice(0, query.limit);
  const last = shown.at(-1);
  const more = found.length > query.limit && last !== undefined;
  return { backups: shown.map(backupResource), next_cursor: more ? encodeCursor({ at: last.requested_at, id: last.backup_id }) : null };
}
