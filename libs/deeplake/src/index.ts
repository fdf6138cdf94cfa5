export type { CapturePlan, Chunker, PlannedFile, SkippedFile, SkipReason } from './capture/planned-file.ts';
export type { DatasetView, ListedFile } from './dataset-view.ts';
export type { DatasetRef, Discovered, Unprotected } from './discovery/dataset-ref.ts';
export type { DatasetFormat, Finding, Severity } from './finding.ts';
export type { BranchReport, ColumnReport, DatasetReport, FileCounts, TagReport, VersionReport } from './report.ts';
