import type { Finding } from '../dataset/dataset.ts';
import { causeOf } from '../dataset/findings.ts';
import type { CommitDecision, CommittedDataset, TombstoneDecision } from './commands.ts';
import { leftOutFrom } from './left-out.ts';

/** The decision object as the repository hands it out; only what counts here. */
export type StoredDecision = StoredCommit | StoredTombstone;

export interface StoredCommit {
  readonly kind: 'commit';
  readonly backupId: string;
  readonly checksum: string;
  readonly storagePath: string;
  readonly createdAtMs: number;
  readonly storedBytes: number;
  readonly datasets: readonly StoredDataset[];
  /** `leftOut` as the request had it. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** `cause` and `findings` as `datasetForCommit` wrote them; what another writer left there is not trusted to be there. */
export interface StoredDataset {
  readonly datasetId: string;
  readonly status: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly cause?: unknown;
  readonly findings?: readonly unknown[];
}

export interface StoredTombstone {
  readonly kind: 'tombstone';
  readonly backupId: string;
  readonly reason: string;
}

/** The decision to record, from what stands in storage. Works without the log: a commit found after a loss says everything itself. */
export function decisionFrom(stored: StoredDecision): CommitDecision | TombstoneDecision {
  return stored.kind === 'commit' ? fromCommit(stored) : fromTombstone(stored);
}

function fromCommit({ kind, backupId, checksum, storagePath, createdAtMs, storedBytes, datasets, extra }: StoredCommit): CommitDecision {
  const leftOut = leftOutFrom(extra?.['leftOut']);
  const sum = (of: 'objects' | 'bytes' | 'newBytes') => datasets.reduce((total, dataset) => total + dataset[of], 0);
  const sums = { objects: sum('objects'), bytes: sum('bytes'), newBytes: sum('newBytes') };
  const committedAt = new Date(createdAtMs).toISOString();
  return {
    kind,
    backupId,
    checksum,
    storagePath,
    committedAt,
    ...sums,
    storedBytes,
    datasets: datasets.map(committed),
    ...(leftOut && { leftOut }),
  };
}

function committed({ datasetId, status, cause, findings = [] }: StoredDataset): CommittedDataset {
  const told = typeof cause === 'string' ? cause : causeOf(findings as readonly Finding[]);
  return told === undefined ? { datasetId, status } : { datasetId, status, cause: told };
}

const CANCELLED = 'cancelled';

/** The text of a tombstone: `cancelled`, or the code and the message of the failure. `decisionFrom` reads it back. */
export function tombstoneReason(why: 'cancelled' | { readonly code: string; readonly message: string }): string {
  return why === CANCELLED ? CANCELLED : `${why.code}: ${why.message}`;
}

function fromTombstone({ kind, backupId, reason }: StoredTombstone): TombstoneDecision {
  if (reason === CANCELLED) return { kind, backupId, reason: 'cancelled' };
  const [, code, message] = /^([a-z0-9_]+(?:\.[a-z0-9_]+)+): (.+)$/s.exec(reason) ?? [];
  return { kind, backupId, reason: 'failed', code: code ?? 'backup.given_up', message: message ?? reason };
}
