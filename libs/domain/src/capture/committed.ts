import type { ChangesSinceBase, DatasetRef, Finding, PinnedByIdentity } from '../dataset/dataset.ts';
import { causeOf } from '../dataset/findings.ts';
import type { DatasetCaptured, DatasetCaptureFailed } from './events.ts';
import type { CaptureState } from './state.ts';

/** Everything of `DatasetCaptured` that a commit would not say otherwise. */
export type CapturedDetails = Pick<DatasetCaptured, 'branches' | 'tags' | 'storedBytes' | 'findingCounts'>;

/** What a commit says of a data set. completed: intact; partial: captured, but torn; failed: not captured, so without `root`. */
export interface DatasetForCommit {
  readonly datasetId: string;
  readonly format: DatasetRef['format'];
  readonly status: 'completed' | 'partial' | 'failed';
  readonly root?: string;
  /** Below the source root: a data set of tenant `default` may have lain directly there, which its id does not tell. */
  readonly path: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly headVersion?: string;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly rows: number;
  readonly findings: readonly Finding[];
  readonly cause?: string;
  /** What the lists of names leave out: kept for a recovery without the log. */
  readonly captured?: CapturedDetails;
  /** The backup that this copy was built on; absent when every byte was read. */
  readonly baseBackupId?: string;
  /** In a snapshot: what of it is only pinned by identity. */
  readonly pinned?: PinnedByIdentity;
  /** What became of it since `baseBackupId`. */
  readonly changes?: ChangesSinceBase;
}

/** The data set's part of the manifest, from its capture stream: the archiver commits it, and a reader without the log finds it there. */
export function datasetForCommit(ref: DatasetRef, capture: CaptureState): DatasetForCommit {
  const { path } = ref;
  if (capture.status === 'captured') return { ...fromCaptured(capture.result), path };
  return { ...notCaptured(ref, capture.status === 'failed' ? capture.result : undefined), path };
}

function fromCaptured(result: DatasetCaptured): Omit<DatasetForCommit, 'path'> {
  const { datasetId, format, root, objects, bytes, newBytes, headVersion, rows, findings, findingCounts, baseBackupId, pinned, changes } =
    result;
  const branches = result.branches.map((branch) => branch.name);
  const tags = result.tags.map((tag) => tag.name);
  const dataset = {
    datasetId,
    format,
    root,
    objects,
    bytes,
    newBytes,
    branches,
    tags,
    rows,
    findings,
    captured: { branches: result.branches, tags: result.tags, storedBytes: result.storedBytes, findingCounts },
    ...(headVersion && { headVersion }),
    ...(baseBackupId && { baseBackupId }),
    ...(pinned && { pinned }),
    ...(changes && { changes }),
  };
  const cause = causeOf(findings, findingCounts.error);
  return cause === undefined ? { ...dataset, status: 'completed' } : { ...dataset, status: 'partial', cause };
}

function notCaptured({ datasetId, format }: DatasetRef, failure: DatasetCaptureFailed | undefined): Omit<DatasetForCommit, 'path'> {
  const nothing = { objects: 0, bytes: 0, newBytes: 0, branches: [], tags: [], rows: 0 };
  const cause = failure?.message ?? 'Its capture did not end.';
  return { datasetId, format, status: 'failed', ...nothing, findings: failure?.findings ?? [], cause };
}

/**
 * What to put into storage when all captures have ended: a commit if anything was captured, torn or not; a tombstone if nothing was,
 * for a backup that holds nothing must not look like one.
 */
export function endToPropose(captures: readonly CaptureState[]): 'commit' | 'tombstone' {
  return captures.some((capture) => capture.status === 'captured') ? 'commit' : 'tombstone';
}
