/**
 * What became of data sets between two backups of a tenant: rows, columns, branches and tags as Deep Lake's own logs and trees tell, and files by the
 * trees of the backups, of which only pages that differ are read.
 */
export { changeResource, type FileChangeResource, fileResource } from './change-resource.ts';
export type { Captured, DatasetChange, FileAmount, FileChange, FileChanges } from './dataset-change.ts';
export { changedFiles, type DiffRequest, diffBackups } from './diff-backups.ts';
export { diffCaptures } from './diff-captures.ts';
