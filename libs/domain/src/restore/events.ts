import { datasetFormat, findings } from '../dataset/dataset.ts';
import { listOf, mapOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, oneOf, small, text, truth } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** One data set to restore: `from` its id in the backup, `to` its id below the target tenant, `root` of its captured tree. */
export const restoreDataset = message('RestoreDataset', { n: small, from: text, to: text, format: datasetFormat, root: text });
export type RestoreDataset = ValueOf<typeof restoreDataset>;

/** `paths` empty: everything. `version`: a commit, tag or branch of the data set to go back to. */
export const restoreOptions = message('RestoreOptions', {
  overwriteExisting: truth,
  datasetMapping: mapOf(text),
  verifyIntegrity: truth,
  restoreIndexes: truth,
  restoreMetadata: truth,
  keepTornHead: truth,
  paths: listOf(text),
  version: optional(text),
});
export type RestoreOptions = ValueOf<typeof restoreOptions>;

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
  }),
  RestoreStarted: message('RestoreStarted', {}),
  /** The first data set is about to take its place: from here on no cancel. */
  RestoreSwapping: message('RestoreSwapping', {}),
  /** In its place, under its name. */
  DatasetRestored: message('DatasetRestored', { n: small, from: text, to: text, objects: count, bytes: count, findings }),
  DatasetRestoreFailed: message('DatasetRestoreFailed', { n: small, code: text, message: text }),
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
export type RestoreEnded = ValueOf<typeof restoreEvents.RestoreEnded>;
