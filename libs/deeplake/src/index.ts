/** Deep Lake data sets as they lie on storage: finding them, reading their structure, checking it, planning a capture and a restore. Never runs Deep Lake code. */
export { chunkerFor } from './capture/chunkers.ts';
export { type PlanOptions, planCapture } from './capture/plan-capture.ts';
export { ORPHAN_AGE_MS } from './capture/plan-v4.ts';
export type { CapturePlan, Chunker, LogGap, PlannedFile, SkipReason, SourceNotes, Unsettled } from './capture/planned-file.ts';
export type { RoundLimits } from './capture/settle.ts';
export {
  type AsOfChoice,
  CannotCut,
  type CutOff,
  type CutVersion,
  chooseAsOf,
  composed,
  cutToVersion,
  editedView,
  NotThatFarBack,
  type Unreached,
  type VersionCut,
  VersionUnknown,
  type VersionWish,
} from './cut/index.ts';
export type { DatasetView, ListedFile } from './dataset-view.ts';
export {
  type BranchChange,
  type ColumnChanges,
  type DatasetDiff,
  diffDataset,
  type RowChanges,
  type TagChange,
  type TensorChange,
} from './diff/index.ts';
export type { DatasetRef, Discovered, Unprotected } from './discovery/dataset-ref.ts';
export { discoverDatasets, kindOfFolder } from './discovery/discover-datasets.ts';
export { detectFormat } from './discovery/layout.ts';
export { DEFAULT_TENANT, isDatasetId, isGoodName, isOwnFolder, isTenantName } from './discovery/names.ts';
export { Malformed, PlanAlreadyRead } from './errors.ts';
export type { DatasetFormat, Finding, Severity } from './finding.ts';
export { FINDINGS_MAX } from './finding-list.ts';
export { inspectDataset } from './inspect-dataset.ts';
export type { InspectOptions } from './inspect-options.ts';
export type { BranchReport, ColumnReport, DatasetReport, FileCounts, TagReport, VersionReport } from './report.ts';
export { type KnownDamage, repairOnRestore } from './restore/repair-on-restore.ts';
export { NO_REPAIR, type RestoreRepair } from './restore/restore-repair.ts';
export {
  compareRule,
  isWanted,
  makesRootVisible,
  type RestoreChoice,
  restoreOrder,
  restoreStage,
  type SyntheticFile,
  syntheticFiles,
} from './restore/restore-rules.ts';
