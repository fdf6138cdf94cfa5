import { datasetRef, missingDataset } from '../dataset/dataset.ts';
import { listOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, oneOf, small, text, time, truth } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';
import { leftOut } from './left-out.ts';

export const backupType = oneOf('full', 'incremental', 'differential', 'snapshot');
export type BackupType = ValueOf<typeof backupType>;

/** Stream `backup-<id>`. User text (description, reasons) lies in an erasable row; events hold only its SHA-256. */
export const backupEvents = {
  BackupRequested: message('BackupRequested', {
    backupId: text,
    tenant: text,
    backupType,
    datasets: listOf(datasetRef),
    /** Id of the API key, or of the schedule. */
    requestedBy: text,
    textDigest: optional(text),
    parentId: optional(text),
    idempotencyKey: optional(text),
    /** Of a backup that selects all data sets of its tenant. */
    leftOut: optional(leftOut),
    /** The snapshot whose state this full makes whole; its data sets are not captured anew. */
    promotedFrom: optional(text),
  }),
  /**
   * A decision stands in storage of which the log knew nothing: the database, or the log's copy, was lost. In the place of BackupRequested; what was
   * decided follows as its own event. `datasets` is what the decision names, nothing for a tombstone; its type then comes from what else is left of it.
   * The rest is of the request, where the commit repeats it.
   */
  BackupRecovered: message('BackupRecovered', {
    backupId: text,
    tenant: text,
    backupType,
    datasets: listOf(datasetRef),
    decidedAt: time,
    parentId: optional(text),
    leftOut: optional(leftOut),
    promotedFrom: optional(text),
    requestedBy: optional(text),
    requestedAt: optional(time),
  }),
  BackupStarted: message('BackupStarted', {}),
  /** Every data set has its result; `done` counts what was captured, torn ones too. */
  BackupCapturesEnded: message('BackupCapturesEnded', { done: small, failed: small }),
  BackupCancelRequested: message('BackupCancelRequested', { by: text, reasonDigest: optional(text) }),
  /**
   * The commit exists in storage. `done` counts the data sets that are in it intact; `missing` names all others of the selection.
   * What each one holds is in its capture stream and in the commit: 10,000 of them would not fit into one event.
   */
  BackupSealed: message('BackupSealed', {
    outcome: oneOf('completed', 'partial'),
    checksum: text,
    storagePath: text,
    committedAt: time,
    objects: count,
    bytes: count,
    newBytes: count,
    storedBytes: count,
    expected: small,
    done: small,
    missing: listOf(missingDataset),
  }),
  /** The tombstone exists in storage and no commit ever will. */
  BackupFailed: message('BackupFailed', { code: text, message: text }),
  BackupCancelled: message('BackupCancelled', {}),
  /** A wish of somebody who may; `force`: although it was the last verified good copy of a data set. */
  BackupDeleteRequested: message('BackupDeleteRequested', { by: text, force: truth }),
  /** It counts as gone. Its bytes stay until `purgeAfter` at least, and until then it can come back. */
  BackupDeleted: message('BackupDeleted', { purgeAfter: time }),
  BackupUndeleted: message('BackupUndeleted', { by: text }),
  BackupVerified: message('BackupVerified', { verificationId: text, ok: truth, at: time }),
};

export type BackupEvent = EventOf<typeof backupEvents>;
export type BackupRecovered = ValueOf<typeof backupEvents.BackupRecovered>;
export type BackupRequested = ValueOf<typeof backupEvents.BackupRequested>;
export type BackupSealed = ValueOf<typeof backupEvents.BackupSealed>;
