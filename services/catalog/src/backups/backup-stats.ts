import { type Queryable, rows } from '@dr/event-store';
import type { TenantScope } from '../queries/tenant-scope.ts';

/** What backups come to, per type and end. Bytes; of backups that are there to be restored. */
interface Group {
  type: string;
  /** A deleted one counts as what it was. */
  status: string;
  count: string;
  size: string;
  stored: string;
  fresh: string;
}

const STATS = `SELECT type, coalesce(doc->>'ended_as', status) AS status, count(*) AS count,
    coalesce(sum((doc->>'size_bytes')::numeric) FILTER (WHERE kept), 0) AS size,
    coalesce(sum((doc->>'compressed_size_bytes')::numeric) FILTER (WHERE kept), 0) AS stored,
    coalesce(sum((doc->>'new_bytes')::numeric) FILTER (WHERE kept), 0) AS fresh
  FROM (SELECT type, status, doc, status IN ('completed', 'partial') AS kept FROM catalog_backups
        WHERE $1::text IS NULL OR tenant = $1) AS backups
  GROUP BY 1, 2`;

/** The statistics of CONTRACT section 2, apart from what the configuration says. Ratios are null while there is nothing to divide by. */
export interface BackupStats {
  total_backups: number;
  completed_backups: number;
  failed_backups: number;
  success_rate: number | null;
  total_size_bytes: number;
  compressed_size_bytes: number;
  compression_ratio: number | null;
  dedup_ratio: number | null;
  type_breakdown: Record<string, { count: number; size: number }>;
}

export async function backupStats(on: Queryable, scope: TenantScope): Promise<BackupStats> {
  const groups = await rows<Group>(on, STATS, ['tenant' in scope ? scope.tenant : null]);
  const sum = (field: 'count' | 'size' | 'stored' | 'fresh', only: (group: Group) => boolean = () => true): number =>
    groups.filter(only).reduce((total, group) => total + Number(group[field]), 0);
  const ended = (status: string) => sum('count', (group) => group.status === status);
  const [completed, failed] = [ended('completed'), ended('failed')];
  const [size, stored, fresh] = [sum('size'), sum('stored'), sum('fresh')];
  const types = [...new Set(groups.map(({ type }) => type))].sort();
  return {
    total_backups: sum('count'),
    completed_backups: completed,
    failed_backups: failed,
    success_rate: ratio(completed, completed + ended('partial') + failed),
    total_size_bytes: size,
    compressed_size_bytes: stored,
    compression_ratio: ratio(fresh, stored),
    dedup_ratio: ratio(size, fresh),
    type_breakdown: Object.fromEntries(
      types.map((type) => [type, { count: sum('count', (g) => g.type === type), size: sum('size', (g) => g.type === type) }]),
    ),
  };
}

const ratio = (of: number, by: number): number | null => (by === 0 ? null : of / by);
