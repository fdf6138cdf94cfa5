/** Data sets of one backup or restore. Their names must also fit REQUEST_BYTES_MAX. */
export const DATASETS_MAX = 10_000;

/** Bytes of a request as JSON. What ends it names the same data sets, and every event must fit a bus message of 1 MB. */
export const REQUEST_BYTES_MAX = 700_000;

/** Findings kept in one event, by number and by bytes; the counts beside them are complete. */
export const FINDINGS_MAX = 1_000;
export const FINDINGS_BYTES_MAX = 500_000;

/** Paths named by one piece of damage. */
export const DAMAGE_PATHS_MAX = 100;

/** Causes kept in a sealed backup that lacks very many data sets, and characters of each. */
export const CAUSES_MAX = 500;
export const CAUSE_LENGTH_MAX = 200;
