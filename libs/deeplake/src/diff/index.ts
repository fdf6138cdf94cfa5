export type { BranchChange, ColumnChanges, DatasetDiff, RowChanges, TagChange, TensorChange } from './dataset-diff.ts';
export { diffDataset } from './diff-dataset.ts';
