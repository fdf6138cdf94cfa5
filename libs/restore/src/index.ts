/**
 * Puts data sets of a backup in their places on a disk so that nothing can be hurt: plan (writes nothing), stage beside the place, read every
 * byte again, check the structure, record the intent, two renames. A target is the old data set or the new one at every moment, whatever
 * dies; a restart finishes or undoes by what is there. Shared by the restorer and by the command line that works on the storage alone.
 */
export { type Edits, type EditsRequest, editsOf } from './edits.ts';
export * from './errors.ts';
export { type RestoreChoices, wantedPaths } from './options.ts';
export type { Amount, Changes } from './plan/compare.ts';
export type { Conflict, DatasetPlan, RestorePlan } from './plan/plan.ts';
export { type PlanRequest, planRestore } from './plan/plan-restore.ts';
export { type RestoreDatasetRequest, type RestoredDataset, restoreDataset } from './restore-dataset.ts';
export type { RestoredSet } from './restored-set.ts';
export { clearLeftover, type LeftOf, leftoversIn } from './swap/leftovers.ts';
export { undoSwap } from './swap/swap.ts';
export { type At, findPlace, type Place, placeOf } from './target/place.ts';
