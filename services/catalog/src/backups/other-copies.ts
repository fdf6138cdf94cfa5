import { type Queryable, rows } from '@dr/event-store';

/** A data set that a backup holds whole, and other backups that seem to hold it whole and verified, newest first. */
export interface OtherCopies {
  dataset_id: string;
  others: string[];
}

/** Of each data set so many are named: enough to find one that stays, when some are being deleted at this moment. */
const OTHERS_MAX = 5;

/** Asked before a backup is deleted. Who decides must look at the log: this view may lag behind it. */
export function otherCopies(on: Queryable, backupId: string): Promise<OtherCopies[]> {
  return rows<OtherCopies>(on, OTHER_COPIES, [backupId, OTHERS_MAX]);
}

export const OTHER_COPIES = `
SELECT d.dataset_id, ARRAY(
    SELECT b.backup_id FROM catalog_backups b JOIN catalog_backup_datasets o ON o.backup_id = b.backup_id AND o.dataset_id = d.dataset_id
     WHERE b.tenant = own.tenant AND b.backup_id <> own.backup_id AND b.dataset_ids @> ARRAY[d.dataset_id]
       AND b.status IN ('completed', 'partial') AND b.type <> 'snapshot' AND b.doc -> 'verification' ->> 'ok' = 'true' AND o.doc ->> 'status' = 'completed'
     ORDER BY b.requested_at DESC LIMIT $2) AS others
  FROM catalog_backups own JOIN catalog_backup_datasets d ON d.backup_id = own.backup_id
 WHERE own.backup_id = $1 AND d.doc ->> 'status' = 'completed' ORDER BY d.dataset_id`;
