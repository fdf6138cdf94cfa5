import type { DatasetView } from './dataset-view.ts';
import { detectFormat } from './discovery/layout.ts';
import type { DatasetFormat } from './finding.ts';
import { inspectOpaque } from './inspect-opaque.ts';
import type { InspectOptions } from './inspect-options.ts';
import type { DatasetReport } from './report.ts';
import { inspectV3 } from './v3/inspect-v3.ts';
import { inspectV4 } from './v4/inspect-v4.ts';

/**
 * Reads the structure of a data set, at the source or in a backup, and runs every check of its format. Damage of any kind becomes findings, and
 * a file that cannot be read is damage; the call rejects only when the listing does. Reads metadata and headers; with `deep` all data.
 */
export async function inspectDataset(view: DatasetView, options: InspectOptions & { format?: DatasetFormat } = {}): Promise<DatasetReport> {
  const format = options.format ?? (await detectFormat(view));
  if (format === 'v4') return inspectV4(view, options);
  return format === 'v3' ? inspectV3(view, options) : inspectOpaque(view);
}
