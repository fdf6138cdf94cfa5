import { listOf, message, optional } from '../schema/composites.ts';
import { count, oneOf, small, text, truth } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** v3 and v4 are Deep Lake's layouts; 'opaque' is kept byte for byte with its structure unchecked. */
export const datasetFormat = oneOf('v3', 'v4', 'opaque');
export type DatasetFormat = ValueOf<typeof datasetFormat>;

/** A data set as it was selected. `n` is its number in the backup, from 1, and names its capture stream; `path` is below the source root. */
export const datasetRef = message('DatasetRef', { n: small, datasetId: text, format: datasetFormat, path: text });
export type DatasetRef = ValueOf<typeof datasetRef>;

/** One observation of a structure check. A code means nothing without its format: v3 and v4 reuse the letters. */
export const finding = message('Finding', {
  format: datasetFormat,
  code: text,
  severity: oneOf('error', 'warning', 'info'),
  path: text,
  message: text,
});
export type Finding = ValueOf<typeof finding>;

/** Complete, whereas a list of findings is cut at FINDINGS_MAX. */
export const findingCounts = message('FindingCounts', { error: count, warning: count, info: count });
export type FindingCounts = ValueOf<typeof findingCounts>;

export const branchHead = message('BranchHead', { name: text, id: text, headVersion: text, rows: count });
export type BranchHead = ValueOf<typeof branchHead>;

export const tagRef = message('TagRef', { name: text, branch: text, version: text, rows: count });
export type TagRef = ValueOf<typeof tagRef>;

/**
 * Of a data set in a snapshot, the files and bytes that the repository does not hold: only their identity is pinned. They lay at `path` below the source root of
 * `storage`, which is known by it again.
 */
export const pinnedByIdentity = message('PinnedByIdentity', { objects: count, bytes: count, storage: text, path: text });
export type PinnedByIdentity = ValueOf<typeof pinnedByIdentity>;

const fileAmount = message('FileAmount', { files: count, bytes: count });
const rowChanges = message('RowChanges', { added: count, updated: count, deleted: count });

/**
 * What became of a data set since the backup that it was built on. Files by name; the bytes of changed ones are the new ones. `rows` of the main branch, where
 * its format tells; they are `exact` unless its log does not tell all. `replaced`: another data set stands under the name.
 */
export const changesSinceBase = message('ChangesSinceBase', {
  change: oneOf('unchanged', 'changed', 'replaced'),
  rows: optional(rowChanges),
  exact: truth,
  added: fileAmount,
  changed: fileAmount,
  removed: fileAmount,
});
export type ChangesSinceBase = ValueOf<typeof changesSinceBase>;

/** A data set that a backup lacks or holds with loss, and why, in words for its owner. */
export const missingDataset = message('MissingDataset', { datasetId: text, cause: text });
export type MissingDataset = ValueOf<typeof missingDataset>;

export const findings = listOf(finding);
