import type { DatasetFormat } from '../finding.ts';

/** A data set below the source root. `path` is relative to the source root: `<tenant>/<datasetId>`, or just the name for sets of tenant `default` that lie directly under it. */
export interface DatasetRef {
  readonly kind: 'dataset';
  readonly tenant: string;
  readonly datasetId: string;
  readonly path: string;
  readonly format: DatasetFormat;
}

/**
 * Something below the source root that no data set covers, and why. 'name-taken': `default/x` exists beside `x`; only the first is protected.
 * 'unreadable': a folder that the system refuses to show, which may hold a data set.
 */
export interface Unprotected {
  readonly kind: 'unprotected';
  readonly tenant: string | undefined;
  readonly path: string;
  readonly reason: 'loose-file' | 'symlink' | 'special' | 'bad-name' | 'name-taken' | 'unreadable';
}

export type Discovered = DatasetRef | Unprotected;
