/** Data sets of one backup or restore. */
export const DATASETS_MAX = 10_000;

/** Findings kept in one event; the counts beside them are complete. */
export const FINDINGS_MAX = 1_000;
