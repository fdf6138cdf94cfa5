import type { DataSource } from 'typeorm';
import { BIG_TENANT } from './life-cycles.ts';

const PAGE = 50_000;

/**
 * Rows as the projection makes them. Skewed as houses are: one tenant has nine tenths of the backups, newer backups hold other data sets than
 * older ones, and what is asked for can be common (`completed`), rare (`failed`), or only at the far end (`dataset-old`, `snapshot`, `deleting`).
 */
const BACKUPS = `
INSERT INTO catalog_backups (backup_id, tenant, requested_at, type, status, dataset_ids, doc)
SELECT 'backup_20240101_000000_' || lpad(to_hex(n), 8, '0'),
       CASE WHEN n % 10 = 9 THEN 'tenant-' || (hashint4(n) & 4095) ELSE '${BIG_TENANT}' END,
       timestamptz '2024-01-01Z' + n * interval '47 seconds',
       CASE WHEN n < 40 THEN 'snapshot' WHEN n % 7 = 0 THEN 'full' WHEN n % 7 = 1 THEN 'differential' ELSE 'incremental' END,
       CASE WHEN n BETWEEN 100 AND 110 THEN 'deleting' WHEN n % 50 = 13 THEN 'failed' WHEN n % 50 = 23 THEN 'cancelled'
            WHEN n % 40 = 11 THEN 'partial' WHEN n % 30 = 17 THEN 'deleted' ELSE 'completed' END,
       ARRAY(SELECT 'dataset-' || CASE WHEN n < 200 THEN 'old' || repeat('er', k) ELSE (n * 8 / $3::int * 40 + (hashint4(n) & 31) + k)::text END FROM generate_series(0, hashint4(n + 1) & 3) k),
       jsonb_build_object('expected', 1 + (hashint4(n + 1) & 3), 'parent_id', NULL, 'created_by', 'key_1', 'trace', NULL,
         'started_at', '2026-01-01T00:00:00.000Z', 'ended_at', '2026-01-01T00:00:10.000Z', 'checksum', repeat('c', 64),
         'storage_path', 't/0123456789abcdef/backups/backup_20240101_000000_' || n, 'size_bytes', 4000000 + n, 'compressed_size_bytes', n % 50000,
         'new_bytes', n % 90000, 'objects', 120, 'missing', '[]'::jsonb, 'committed_at', '2026-01-01T00:00:10.000Z', 'error_message', NULL)
       || CASE WHEN n % 10 = 0 THEN jsonb_build_object('verified_at', '2026-01-02T00:00:00.000Z', 'verification',
            jsonb_build_object('verificationId', 'verification_' || n, 'ok', true, 'at', '2026-01-02T00:00:00.000Z')) ELSE '{}' END
  FROM generate_series($1::int, $2::int) AS n`;

const DATASETS = `
INSERT INTO catalog_backup_datasets (backup_id, n, dataset_id, tenant, requested_at, doc)
SELECT b.backup_id, d.n, d.id, b.tenant, b.requested_at,
       jsonb_build_object('dataset_id', d.id, 'format', 'v4', 'status', CASE WHEN b.status IN ('failed', 'cancelled') THEN b.status ELSE 'completed' END,
         'root', repeat('r', 64), 'objects', 40, 'bytes', 4000000, 'new_bytes', 5000, 'head_version', '17', 'tags', '[]'::jsonb, 'rows', 10000,
         'branches', '[{"name": "main", "id": "main", "headVersion": "17", "rows": 10000}]'::jsonb, 'findings', '[]'::jsonb, 'parent_id', NULL)
  FROM catalog_backups b, unnest(b.dataset_ids) WITH ORDINALITY AS d (id, n)
 WHERE b.requested_at BETWEEN timestamptz '2024-01-01Z' + $1::int * interval '47 seconds' AND timestamptz '2024-01-01Z' + $2::int * interval '47 seconds'`;

const RESTORES = `
INSERT INTO catalog_restores (restore_id, backup_id, tenant, target_tenant, requested_at, status, doc)
SELECT 'restore_20240101_000000_' || lpad(to_hex(n), 8, '0'), 'backup_20240101_000000_' || lpad(to_hex(n), 8, '0'),
       CASE WHEN n % 10 = 9 THEN 'tenant-' || (hashint4(n) & 4095) ELSE '${BIG_TENANT}' END, '${BIG_TENANT}', timestamptz '2024-01-01Z' + n * interval '47 seconds',
       'completed', '{"created_by": "key_1", "options": {}}' FROM generate_series($1::int, $2::int) AS n WHERE n % 10 IN (0, 9)`;

/** Fills the catalog's tables up to `count` backups, of which `have` are there already, and a fifth as many restores. */
export async function fillCatalog(owner: DataSource, count: number, have = 0): Promise<void> {
  for (let from = have; from < count; from += PAGE) {
    const [first, last] = [from, Math.min(from + PAGE, count) - 1];
    await owner.query(BACKUPS, [first, last, count]);
    await owner.query(DATASETS, [first, last]);
    await owner.query(RESTORES, [first, last]);
  }
  const tables = ['catalog_backups', 'catalog_backup_datasets', 'catalog_restores', 'catalog_totals', 'catalog_dataset_kinds'];
  for (const table of tables) await owner.query(`VACUUM (ANALYZE) ${table}`);
}
