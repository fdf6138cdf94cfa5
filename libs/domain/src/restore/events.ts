import { datasetFormat, findings, missingDataset } from '../dataset/dataset.ts';
import { listOf, mapOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, oneOf, small, text, time, truth } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/**
 * One data set to restore: `from` its id in the backup, `to` its id below the target tenant, `root` of its captured tree. `planned`:
 * fingerprint of what lay in the target when the restore was asked for; when something else lies there later, it is not replaced.
 */
export const restoreDataset = message('RestoreDataset', {
  n: small,
  from: text,
  to: text,
  format: datasetFormat,
  root: text,
  planned: optional(text),
});
export type RestoreDataset = ValueOf<typeof restoreDataset>;

/**
 * `paths` empty: everything. `version`: a commit, tag or branch that each data set is cut to; `asOf`: a moment that each is cut to, never with
 * `version`. `force`: replace a target that is locked or that has changed since it was planned.
 */
export const restoreOptions = message('RestoreOptions', {
  overwriteExisting: truth,
  datasetMapping: mapOf(text),
  verifyIntegrity: truth,
  restoreIndexes: truth,
  restoreMetadata: truth,
  keepTornHead: truth,
  paths: listOf(text),
  version: optional(text),
  force: truth,
  asOf: optional(time),
});
export type RestoreOptions = ValueOf<typeof restoreOptions>;

/** A command or a URL of the configuration that was run after the data sets were in place. `blocking`: its failure makes the restore partial. */
export const hookRun = message('HookRun', { name: text, ok: truth, blocking: truth, message: text });
export type HookRun = ValueOf<typeof hookRun>;

/** Stream `restore-<id>`. */
export const restoreEvents = {
  RestoreRequested: message('RestoreRequested', {
    restoreId: text,
    backupId: text,
    tenant: text,
    targetTenant: text,
    datasets: listOf(restoreDataset),
    options: restoreOptions,
    requestedBy: text,
    /** Data sets that belong to what was asked for and that the backup does not hold. */
    lacking: listOf(missingDataset),
  }),
  RestoreStarted: message('RestoreStarted', {}),
  /** The first data set is about to take its place: from here on no cancel. */
  RestoreSwapping: message('RestoreSwapping', {}),
  /** In its place, under its name. `lacks`: what it has not of the data set as it was at the source, in words; whole without it. */
  DatasetRestored: message('DatasetRestored', {
    n: small,
    from: text,
    to: text,
    objects: count,
    bytes: count,
    findings,
    lacks: optional(text),
  }),
  DatasetRestoreFailed: message('DatasetRestoreFailed', { n: small, code: text, message: text }),
  /** After the last data set, before the end. */
  RestoreHooksRan: message('RestoreHooksRan', { hooks: listOf(hookRun) }),
  RestoreCancelRequested: message('RestoreCancelRequested', { by: text }),
  RestoreEnded: message('RestoreEnded', {
    outcome: oneOf('completed', 'partial', 'failed', 'cancelled'),
    expected: small,
    done: small,
    failed: small,
    message: optional(text),
  }),
};

export type RestoreEvent = EventOf<typeof restoreEvents>;
export type RestoreRequested = ValueOf<typeof restoreEvents.RestoreRequested>;
export type DatasetRestored = ValueOf<typeof restoreEvents.DatasetRestored>;
export type DatasetRestoreFailed = ValueOf<typeof restoreEvents.DatasetRestoreFailed>;
export type RestoreHooksRan = ValueOf<typeof restoreEvents.RestoreHooksRan>;
export type RestoreEnded = ValueOf<typeof restoreEvents.RestoreEnded>;
