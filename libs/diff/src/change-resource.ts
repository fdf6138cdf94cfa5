import type { BranchChange, TagChange } from '@dr/deeplake';
import type { DatasetChange, FileChange } from './dataset-change.ts';

/** Branches and tags that are told of one data set; beyond that only a note says how many more. */
const TOLD_MAX = 200;

/** A change as the API and the command line tell it. */
export function changeResource(change: DatasetChange): Record<string, unknown> {
  const { datasetId, rowsBefore, rowsAfter, branches, tags, notes, ...rest } = change;
  const more = [moreOf(branches, 'branches'), moreOf(tags, 'tags')].flat();
  return {
    dataset_id: datasetId,
    ...rest,
    rows_before: rowsBefore ?? null,
    rows_after: rowsAfter ?? null,
    rows: rest.rows ?? null,
    branches: branches.slice(0, TOLD_MAX).map(branchResource),
    tags: tags.slice(0, TOLD_MAX).map(tagResource),
    notes: [...notes, ...more],
  };
}

const moreOf = (all: readonly unknown[], what: string): string[] =>
  all.length > TOLD_MAX ? [`${all.length - TOLD_MAX} more ${what} changed.`] : [];

function branchResource({ renamedFrom, headBefore, headAfter, tensors, ...branch }: BranchChange): object {
  const named = tensors?.map(({ rowsBefore, rowsAfter, derived: _, ...tensor }) => ({
    ...tensor,
    rows_before: rowsBefore,
    rows_after: rowsAfter,
  }));
  return {
    ...branch,
    ...(renamedFrom !== undefined && { renamed_from: renamedFrom }),
    head_before: headBefore ?? null,
    head_after: headAfter ?? null,
    ...(named && { tensors: named }),
  };
}

const tagResource = ({ renamedFrom, versionBefore, versionAfter, ...tag }: TagChange): object => ({
  ...tag,
  ...(renamedFrom !== undefined && { renamed_from: renamedFrom }),
  version_before: versionBefore ?? null,
  version_after: versionAfter ?? null,
});

export interface FileChangeResource {
  path: string;
  change: FileChange['change'];
  bytes_before: number | null;
  bytes_after: number | null;
}

export const fileResource = ({ path, change, bytesBefore, bytesAfter }: FileChange): FileChangeResource => ({
  path,
  change,
  bytes_before: bytesBefore ?? null,
  bytes_after: bytesAfter ?? null,
});
