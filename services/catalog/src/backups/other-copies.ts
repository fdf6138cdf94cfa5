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

/** Good copies of the data set, the newest first, until enough of them are in a backup that was verified: each is one probe of a small index. */
export const OTHER_COPIES = `
SELECT d.dataset_id, ARRAY(
    SELECT o.backup_id FROM catalog_backup_datasets o JOIN catalog_backups b ON b.backup_id = o.backup_id
     WHERE o.tenant COLLATE "C" = own.tenant AND o.dataset_id COLLATE "C" = d.dataset_id AND o.backup_id <> own.backup_id
       AND o.doc ->> 'status' = 'completed' AND b.status IN ('completed', 'partial') AND b.type <> 'snapshot'
       AND b.doc -> 'verification' ->> 'ok' = 'true'
     ORDER BY o.requested_at DESC, o.backup_id DESC LIMIT $2) AS others
  FROM catalog_backups own JOIN catalog_backup_datasets d ON d.backup_id = own.backup_id
 WHERE own.backup_id = $1 AND d.doc ->> 'status' = 'completed' ORDER BY d.dataset_id`;
