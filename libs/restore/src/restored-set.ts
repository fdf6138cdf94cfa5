import type { DatasetFormat } from '@dr/deeplake';

/** One data set to restore: `from` its id in the backup, `to` its id below the target tenant, `root` of its captured tree. */
export interface RestoredSet {
  readonly from: string;
  readonly to: string;
  readonly format: DatasetFormat;
  readonly root: string;
}
