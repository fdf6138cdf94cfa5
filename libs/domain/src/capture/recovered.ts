import type { BranchHead, ChangesSinceBase, DatasetRef, Finding, PinnedByIdentity, TagRef } from '../dataset/dataset.ts';
import type { CaptureCommand } from './commands.ts';
import type { CapturedDetails } from './committed.ts';

/** A data set as a commit in storage has it. Older commits have no `captured`: of branches and tags they say the names. */
export interface DatasetInCommit {
  readonly datasetId: string;
  readonly format: DatasetRef['format'];
  readonly status: string;
  readonly root?: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
  readonly headVersion?: string;
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  readonly rows?: number | string;
  readonly findings?: readonly unknown[];
  readonly cause?: unknown;
  readonly captured?: unknown;
  readonly baseBackupId?: unknown;
  readonly pinned?: Partial<PinnedByIdentity>;
  readonly changes?: unknown;
  /** Below the source root; older commits do not say it. */
  readonly path?: unknown;
}

/** The selection of a backup, from its commit: in the order of its data sets, as the request had them. */
export const selectionFrom = (tenant: string, datasets: readonly DatasetInCommit[]): DatasetRef[] =>
  datasets.map(({ datasetId, format, path }, i) => ({
    n: i + 1,
    datasetId,
    format,
    path: typeof path === 'string' ? path : `${tenant}/${datasetId}`,
  }));

/** The capture's result, from the commit that holds it: what a log that lost it is told. The inverse of `datasetForCommit`. */
export function captureFrom(backupId: string, n: number, dataset: DatasetInCommit): CaptureCommand {
  const { datasetId, format, root, objects, bytes, newBytes, headVersion, baseBackupId, cause, pinned, changes } = dataset;
  const findings = (dataset.findings ?? []) as readonly Finding[];
  if (root === undefined) {
    const message = typeof cause === 'string' ? cause : 'It was not captured.';
    return { kind: 'recordFailed', backupId, n, datasetId, code: 'capture.failed', message, findings };
  }
  const { storedBytes, branches, tags, findingCounts } = detailsOf(dataset);
  return {
    kind: 'recordCaptured',
    ...{ backupId, n, datasetId, format, root, objects, bytes, newBytes, storedBytes, branches, tags, findings },
    rows: Number(dataset.rows ?? 0),
    ...(headVersion !== undefined && { headVersion }),
    ...(findingCounts && { findingCounts }),
    ...(typeof baseBackupId === 'string' && { baseBackupId }),
    ...(changes !== undefined && { changes: changes as ChangesSinceBase }),
    ...(pinned && { pinned: { objects: 0, bytes: 0, storage: '', path: '', ...pinned } }),
  };
}

function detailsOf({
  captured,
  branches = [],
  tags = [],
}: DatasetInCommit): Omit<CapturedDetails, 'findingCounts'> & Partial<CapturedDetails> {
  if (captured !== undefined) return captured as CapturedDetails;
  return {
    storedBytes: 0,
    branches: branches.map((name): BranchHead => ({ name, id: name, headVersion: '', rows: 0 })),
    tags: tags.map((name): TagRef => ({ name, branch: '', version: '', rows: 0 })),
  };
}
