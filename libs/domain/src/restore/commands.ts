import type { DatasetRestored, DatasetRestoreFailed, RestoreHooksRan, RestoreRequested } from './events.ts';

export type RestoreCommand =
  | RequestRestore
  | StartRestore
  | BeginSwap
  | RecordRestored
  | RecordRestoreFailed
  | RecordHooks
  | RequestRestoreCancel
  | EndRestore;

export interface RequestRestore extends RestoreRequested {
  readonly kind: 'request';
}

export interface StartRestore {
  readonly kind: 'start';
}

/** Asked before the first data set takes its place. Refused once a cancel was requested: then undo the staging and end. */
export interface BeginSwap {
  readonly kind: 'beginSwap';
}

/** The data set is in its place, checked and durable. Only after `beginSwap`. */
export interface RecordRestored extends DatasetRestored {
  readonly kind: 'recordRestored';
}

export interface RecordRestoreFailed extends DatasetRestoreFailed {
  readonly kind: 'recordFailed';
}

/** How the hooks ended that run after the last data set. */
export interface RecordHooks extends RestoreHooksRan {
  readonly kind: 'recordHooks';
}

export interface RequestRestoreCancel {
  readonly kind: 'requestCancel';
  readonly by: string;
}

/**
 * The work is over; the outcome is derived. Data sets without a result are refused, unless `giveUp` says why there will be none
 * (they then count as failed) or a cancel was requested.
 */
export interface EndRestore {
  readonly kind: 'end';
  readonly giveUp?: { readonly message: string };
}
