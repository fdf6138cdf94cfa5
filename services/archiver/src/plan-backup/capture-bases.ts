import type { BackupType } from '@dr/domain';
import { type LoggedEvent, type Queryable, rows } from '@dr/event-store';

/** A copy of a data set in an earlier backup: what has its identity need not be read again. */
export interface CaptureBase {
  backupId: string;
  root: string;
}

/** How many are offered per data set: the newest may be deleted before the work begins. */
const OFFERED = 3;

/** Copies kept per data set beyond which the oldest are forgotten, those that were read in full apart from the others. */
const KEPT = 20;

type Of<Type extends LoggedEvent['type']> = Extract<LoggedEvent, { type: Type }>;

/** Remembers a copy; only one without loss, and that holds what it lists, is worth building on. It counts from the backup's seal on. */
export async function rememberCopy(tx: Queryable, { data, meta }: Of<'DatasetCaptured'>): Promise<void> {
  if (!data.intact || data.pinned !== undefined) return;
  const sql = `INSERT INTO capture_bases (backup_id, n, tenant, dataset_id, root, base_backup_id) VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT DO NOTHING`;
  await tx.query(sql, [data.backupId, data.n, meta.tenant, data.datasetId, data.root, data.baseBackupId ?? null]);
}

/** The backup stands: from here on its copies are the newest. */
export async function sealCopies(tx: Queryable, backupId: string, position: number): Promise<void> {
  await tx.query('UPDATE capture_bases SET sealed_at = $2 WHERE backup_id = $1', [backupId, position]);
  await tx.query(FORGET_OLD, [backupId, KEPT]);
}

const FORGET_OLD = `
DELETE FROM capture_bases old USING (
  SELECT b.backup_id, b.n, row_number() OVER (PARTITION BY b.tenant, b.dataset_id, b.base_backup_id IS NULL ORDER BY b.sealed_at DESC) AS age
    FROM capture_bases own JOIN capture_bases b ON b.tenant = own.tenant AND b.dataset_id = own.dataset_id AND b.sealed_at IS NOT NULL
   WHERE own.backup_id = $1) ranked
 WHERE ranked.age > $2 AND old.backup_id = ranked.backup_id AND old.n = ranked.n`;

/** The backup will never be, or is gone. */
export async function forgetCopies(tx: Queryable, backupId: string): Promise<void> {
  await tx.query('DELETE FROM capture_bases WHERE backup_id = $1', [backupId]);
}

export const NEWEST_COPIES = `
SELECT wanted.dataset_id, copy.backup_id, copy.root
  FROM unnest($2::text[]) AS wanted (dataset_id) CROSS JOIN LATERAL (
    SELECT b.backup_id, b.root, b.sealed_at FROM capture_bases b
     WHERE b.tenant = $1 AND b.dataset_id = wanted.dataset_id AND b.sealed_at IS NOT NULL AND (NOT $3 OR b.base_backup_id IS NULL)
     ORDER BY b.sealed_at DESC LIMIT ${OFFERED}) copy
 ORDER BY wanted.dataset_id, copy.sealed_at DESC`;

/**
 * What each data set may build on, newest first. A full builds on nothing; an incremental on the newest copy, a differential on the newest
 * one that was read in full (by a full, or by a backup that found no copy); a snapshot refers to whatever the newest copies hold. By the order of the log, so a clock set back does not matter.
 */
export async function basesFor(
  tx: Queryable,
  { tenant, type, datasetIds }: { tenant: string; type: BackupType; datasetIds: readonly string[] },
): Promise<Map<string, CaptureBase[]>> {
  const found = new Map<string, CaptureBase[]>();
  if (type === 'full') return found;
  type Row = { dataset_id: string; backup_id: string; root: string };
  for (const { dataset_id, backup_id, root } of await rows<Row>(tx, NEWEST_COPIES, [tenant, datasetIds, type === 'differential'])) {
    found.set(dataset_id, [...(found.get(dataset_id) ?? []), { backupId: backup_id, root }]);
  }
  return found;
}
