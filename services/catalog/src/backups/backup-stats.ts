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

/** Totals are kept with the backups, see `derivedTables`. One whose backups are all something else by now has none left. */
const STATS = `SELECT type, ended_as AS status, sum(backups) AS count, sum(size_bytes) AS size, sum(stored_bytes) AS stored, sum(new_bytes) AS fresh
  FROM catalog_totals WHERE $1::text IS NULL OR tenant = $1 GROUP BY 1, 2 HAVING sum(backups) > 0`;

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
