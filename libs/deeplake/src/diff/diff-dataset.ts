import type { DatasetView } from '../dataset-view.ts';
import type { DatasetFormat } from '../finding.ts';
import type { DatasetDiff } from './dataset-diff.ts';
import { diffV3 } from './diff-v3.ts';
import { diffV4 } from './diff-v4.ts';

/**
 * What became of a data set between two captures, as its own log or version tree tells: rows, columns, branches and tags. Reads what only one of them
 * has. Undefined for a layout that tells nothing. Rejects when a listing does.
 */
export async function diffDataset(before: DatasetView, after: DatasetView, format: DatasetFormat): Promise<DatasetDiff | undefined> {
  if (format === 'v4') return diffV4(before, after);
  return format === 'v3' ? diffV3(before, after) : undefined;
}
