import type { DatasetView } from '../dataset-view.ts';
import type { DatasetFormat } from '../finding.ts';
import { cutV3 } from './cut-v3.ts';
import { cutV4 } from './cut-v4.ts';
import { CannotCut } from './errors.ts';
import type { VersionCut, VersionWish } from './version-cut.ts';

/**
 * Plans how a captured data set is restored as of a version. Reads logs, trees and metas of `view` (a tree of a backup, as repaired), no data, and
 * changes nothing. @throws VersionUnknown with the versions that there are; NotThatFarBack; CannotCut for a format that keeps no versions, a data
 * set that was never committed, and a version of which the source had cleaned up files.
 */
export function cutToVersion(view: DatasetView, format: DatasetFormat, wish: VersionWish): Promise<VersionCut> {
  if (format === 'v4') return cutV4(view, wish);
  if (format === 'v3') return cutV3(view, wish);
  return Promise.reject(new CannotCut('Its layout is not known to us and keeps no versions that we could go back to.'));
}
