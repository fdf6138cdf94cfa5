import { type Queryable, rows } from '@dr/event-store';
import type { TenantScope } from '../queries/tenant-scope.ts';

export interface ListDatasets {
  scope: TenantScope;
  /** Data sets behind this one, in byte order of tenant and id. */
  after?: { tenant: string; datasetId: string };
  datasetId?: string;
  limit: number;
}

/** A data set that backups know, and the newest backup that holds it whole. */
export interface KnownDataset {
  tenant_id: string;
  dataset_id: string;
  format: string;
  last_good: { backup_id: string; at: string; verified_at: string | null } | null;
}

/** One step along the index of places: the next data set behind a place, whatever number of backups hold it. */
const nextPlace = (behind: string): string => `SELECT d.tenant, d.dataset_id FROM catalog_backup_datasets d
    WHERE ${behind} AND ($1::text IS NULL OR d.tenant COLLATE "C" = $1) AND ($2::text IS NULL OR d.dataset_id COLLATE "C" = $2)
    ORDER BY d.tenant COLLATE "C", d.dataset_id COLLATE "C" LIMIT 1`;

const OF_PLACE = 'd.tenant COLLATE "C" = p.tenant AND d.dataset_id COLLATE "C" = p.dataset_id';
const BACKWARDS = 'ORDER BY d.requested_at DESC, d.backup_id DESC';
const NEWEST = `${BACKWARDS} LIMIT 1`;

/** A full that was made of a snapshot has its state. Good copies are compared by that, the newest few that were asked for. */
const STATE = `COALESCE((SELECT s.requested_at FROM catalog_backups s WHERE s.backup_id = b.doc ->> 'promoted_from'), b.requested_at)`;
const COPIES = 8;

/**
 * The moment of a good copy is that of the request, or of the snapshot that it was made of: everything that was there then is in it. A copy with findings that mean loss is none, and
 * neither is one in a backup that was deleted, or in a snapshot. COLLATE "C" is byte order, as the gateway sorts what it finds at the source.
 */
export const LIST_DATASETS = `
WITH RECURSIVE places AS (
  (${nextPlace('($3::text IS NULL OR (d.tenant COLLATE "C", d.dataset_id COLLATE "C") > ($3, $4::text))')})
  UNION ALL
  SELECT next.tenant, next.dataset_id FROM places p CROSS JOIN LATERAL
    (${nextPlace('(d.tenant COLLATE "C", d.dataset_id COLLATE "C") > (p.tenant, p.dataset_id)')}) AS next
)
SELECT p.tenant, p.dataset_id,
    (SELECT d.doc ->> 'format' FROM catalog_backup_datasets d WHERE ${OF_PLACE} ${NEWEST}) AS format,
    (SELECT jsonb_build_object('backup_id', good.backup_id, 'at', to_char(good.state AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'verified_at', good.verified_at) FROM (
        SELECT b.backup_id, b.doc ->> 'verified_at' AS verified_at, ${STATE} AS state
          FROM catalog_backup_datasets d JOIN catalog_backups b ON b.backup_id = d.backup_id
         WHERE ${OF_PLACE} AND b.status IN ('completed', 'partial') AND b.type <> 'snapshot' AND d.doc ->> 'status' = 'completed'
         ${BACKWARDS} LIMIT ${COPIES}) AS good
      ORDER BY good.state DESC, good.backup_id DESC LIMIT 1) AS last_good
  FROM (SELECT * FROM places WHERE dataset_id NOT LIKE '.dr-%' LIMIT $5) AS p`;

export async function listDatasets(on: Queryable, { scope, after, datasetId, limit }: ListDatasets): Promise<KnownDataset[]> {
  const tenant = 'tenant' in scope ? scope.tenant : null;
  type Row = { tenant: string; dataset_id: string; format: string; last_good: KnownDataset['last_good'] };
  const parameters = [tenant, datasetId ?? null, after?.tenant ?? null, after?.datasetId ?? null, limit];
  const found = await rows<Row>(on, LIST_DATASETS, parameters);
  return found.map(({ tenant: tenant_id, ...row }) => ({ tenant_id, ...row }));
}
