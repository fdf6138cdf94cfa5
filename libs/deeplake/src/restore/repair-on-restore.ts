import type { DatasetView } from '../dataset-view.ts';
import type { DatasetReport } from '../report.ts';
import { repairV3 } from './repair-v3.ts';
import { repairV4 } from './repair-v4.ts';
import { NO_REPAIR, type RestoreRepair } from './restore-repair.ts';

/** What a repair needs to know before it looks at anything: the findings of the backup, or of an inspection of `view`. */
export type KnownDamage = Pick<DatasetReport, 'format' | 'findings'>;

/**
 * Plans the repair of a captured tree. Reads metadata and chunk headers of `view` (a tree of a backup), never changes it, and reads nothing when
 * `known` has no finding that a repair could heal. Rejects only when the listing does, or when the store fails under it.
 * Source: DEEPLAKE.md section 3.3, DEEPLAKE_V4.md section 7.2.
 */
export async function repairOnRestore(view: DatasetView, known: KnownDamage): Promise<RestoreRepair> {
  if (known.findings.every(({ severity }) => severity === 'info')) return NO_REPAIR;
  if (known.format === 'v3') return repairV3(view, known.findings);
  return known.format === 'v4' ? repairV4(view, known.findings) : NO_REPAIR;
}
