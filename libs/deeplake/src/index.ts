/** Deep Lake data sets as they lie on storage: finding them, reading their structure, checking it, planning a capture and a restore. Never runs Deep Lake code. */
export type { CapturePlan, Chunker, PlannedFile, SkippedFile, SkipReason } from './capture/planned-file.ts';
export type { DatasetView, ListedFile } from './dataset-view.ts';
export type { DatasetRef, Discovered, Unprotected } from './discovery/dataset-ref.ts';
export { discoverDatasets } from './discovery/discover-datasets.ts';
export { detectFormat } from './discovery/layout.ts';
export { Malformed, PlanAlreadyRead } from './errors.ts';
export type { DatasetFormat, Finding, Severity } from './finding.ts';
export type { BranchReport, ColumnReport, DatasetReport, FileCounts, TagReport, VersionReport } from './report.ts';
