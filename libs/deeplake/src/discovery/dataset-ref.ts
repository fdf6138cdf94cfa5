import type { DatasetFormat } from '../finding.ts';

/** A data set below the source root. `path` is relative to the source root; equals `<tenant>/<datasetId>` except for tenant `default`. */
export interface DatasetRef {
  readonly kind: 'dataset';
  readonly tenant: string;
  readonly datasetId: string;
  readonly path: string;
  readonly format: DatasetFormat;
}

/** Something below the source root that no data set covers, and why. */
export interface Unprotected {
  readonly kind: 'unprotected';
  readonly tenant: string | undefined;
  readonly path: string;
  readonly reason: 'loose-file' | 'symlink' | 'special' | 'bad-name';
}

export type Discovered = DatasetRef | Unprotected;
