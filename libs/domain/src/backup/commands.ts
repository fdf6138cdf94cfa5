import type { BackupRecovered, BackupRequested } from './events.ts';
import type { LeftOut } from './left-out.ts';

export type BackupCommand =
  | RequestBackup
  | RecoverBackup
  | StartBackup
  | RecordCaptures
  | RequestCancel
  | RecordDecision
  | RecordVerification
  | RequestDelete
  | RecordDeleted
  | Undelete;

export interface RequestBackup extends BackupRequested {
  readonly kind: 'request';
}

/** Its decision was found in storage, and nothing of it in the log. */
export interface RecoverBackup extends BackupRecovered {
  readonly kind: 'recover';
}

/** The work begins: the planner has made the jobs. */
export interface StartBackup {
  readonly kind: 'start';
}

/** All captures have ended; the manager counts them so that nobody has to read 10,000 streams. `done` includes torn ones. */
export interface RecordCaptures {
  readonly kind: 'recordCaptures';
  readonly done: number;
  readonly failed: number;
}

/** `by` is a key id. The backup ends only when the tombstone is in storage, and not at all if a commit was first. */
export interface RequestCancel {
  readonly kind: 'requestCancel';
  readonly by: string;
  readonly reasonDigest?: string;
}

/** What stands in storage under the backup's decision key. The log follows it, whatever else was wished. */
export interface RecordDecision {
  readonly kind: 'recordDecision';
  readonly decision: CommitDecision | TombstoneDecision;
}

export interface CommitDecision {
  readonly kind: 'commit';
  readonly backupId: string;
  readonly checksum: string;
  readonly storagePath: string;
  /** RFC 3339, UTC. */
  readonly committedAt: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly storedBytes: number;
  readonly datasets: readonly CommittedDataset[];
  /** What the commit says was left out, for when the log has no request. */
  readonly leftOut?: LeftOut;
}

/** A data set in a commit. Only 'completed' counts as intact; `cause` says in words what is wrong with any other. */
export interface CommittedDataset {
  readonly datasetId: string;
  readonly status: string;
  readonly cause?: string;
}

export interface TombstoneDecision {
  readonly kind: 'tombstone';
  readonly backupId: string;
  readonly reason: 'cancelled' | 'failed';
  /** Why it failed: a stable code and a sentence. */
  readonly code?: string;
  readonly message?: string;
}

/** `at`: RFC 3339, UTC. */
export interface RecordVerification {
  readonly kind: 'recordVerification';
  readonly verificationId: string;
  readonly ok: boolean;
  readonly at: string;
}

/** `by` is a key id. `force`: of an admin, although it is the last verified good copy of a data set. */
export interface RequestDelete {
  readonly kind: 'requestDelete';
  readonly by: string;
  readonly force: boolean;
}

/** `purgeAfter`: RFC 3339, UTC; its bytes stay until then. */
export interface RecordDeleted {
  readonly kind: 'recordDeleted';
  readonly purgeAfter: string;
}

export interface Undelete {
  readonly kind: 'undelete';
  readonly by: string;
}
