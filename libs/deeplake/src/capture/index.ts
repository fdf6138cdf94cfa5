/** What finding and capturing data sets takes, without inspection and restore: for processes that start for one backup. */
export { discoverDatasets } from '../discovery/discover-datasets.ts';
export { planCapture } from './plan-capture.ts';
export type { CapturePlan, PlannedFile } from './planned-file.ts';
