import { branchHead, changesSinceBase, datasetFormat, findingCounts, findings, pinnedByIdentity, tagRef } from '../dataset/dataset.ts';
import { listOf, message, optional } from '../schema/composites.ts';
import type { EventOf } from '../schema/event-types.ts';
import { count, small, text, truth } from '../schema/scalars.ts';
import type { ValueOf } from '../schema/shape.ts';

/** Stream `capture-<backup>-<n>`: how one data set of a backup came out. Exactly one event, ever. */
export const captureEvents = {
  DatasetCaptured: message('DatasetCaptured', {
    backupId: text,
    n: small,
    datasetId: text,
    format: datasetFormat,
    /** Id of the root page of the captured tree. */
    root: text,
    objects: count,
    bytes: count,
    /** Bytes of pieces that the repository did not hold before, and what they take there. */
    newBytes: count,
    storedBytes: count,
    headVersion: optional(text),
    branches: listOf(branchHead),
    tags: listOf(tagRef),
    rows: count,
    findings,
    findingCounts,
    intact: truth,
    /** The backup whose copy of this data set was built on: what had its identity there was not read again. Absent: every byte was read. */
    baseBackupId: optional(text),
    /** In a snapshot, also when nothing is only pinned; in no other type of backup. */
    pinned: optional(pinnedByIdentity),
    /** In an incremental or differential backup: what became of the data set since `baseBackupId`. */
    changes: optional(changesSinceBase),
  }),
  DatasetCaptureFailed: message('DatasetCaptureFailed', {
    backupId: text,
    n: small,
    datasetId: text,
    code: text,
    message: text,
    findings,
    findingCounts,
  }),
};

export type CaptureEvent = EventOf<typeof captureEvents>;
export type DatasetCaptured = ValueOf<typeof captureEvents.DatasetCaptured>;
export type DatasetCaptureFailed = ValueOf<typeof captureEvents.DatasetCaptureFailed>;
