import type { Operation, VersionPoint } from './operation.ts';
import type { LogName } from './paths.ts';

/** A log file that was read. `operations` is undefined when it could not be parsed (T3): it then counts as an empty commit. */
export interface LogFile {
  readonly path: string;
  readonly name: LogName;
  readonly operations: readonly Operation[] | undefined;
  readonly writtenAtMs?: number;
  readonly message?: string;
}

export interface Branch {
  readonly id: string;
  readonly name: string;
  /** Both absent for the root branch. */
  readonly parent: string | undefined;
  readonly version: string | undefined;
  readonly deleted: boolean;
}

export interface Tag {
  readonly id: string;
  readonly name: string;
  readonly branch: string;
  readonly version: string;
}

export interface Merge {
  readonly source: VersionPoint;
  readonly destination: VersionPoint;
}

/** What the meta log says: the branches (deleted ones too, merges need them), the live tags, the merges. Source: DEEPLAKE_V4.md sections 2.2 and 4. */
export interface Catalog {
  readonly datasetId: string | undefined;
  readonly minReader: number | undefined;
  readonly branches: ReadonlyMap<string, Branch>;
  readonly tags: ReadonlyMap<string, Tag>;
  readonly merges: readonly Merge[];
}

interface Draft {
  datasetId: string | undefined;
  minReader: number | undefined;
  branches: Map<string, Branch>;
  tags: Map<string, Tag>;
  merges: Merge[];
}

/** Replays the meta log; `files` in the order of their names. */
export function readCatalog(files: readonly LogFile[]): Catalog {
  const draft: Draft = { datasetId: undefined, minReader: undefined, branches: new Map(), tags: new Map(), merges: [] };
  for (const file of files) for (const operation of file.operations ?? []) apply(draft, operation);
  return draft;
}

function apply(draft: Draft, operation: Operation): void {
  switch (operation.kind) {
    case 'setId':
      draft.datasetId = operation.id;
      return;
    case 'setMinReader':
      draft.minReader = operation.minReader;
      return;
    case 'mergeBranch':
      draft.merges.push(operation);
      return;
    case 'createBranch':
    case 'renameBranch':
    case 'deleteBranch':
      applyToBranch(draft.branches, operation);
      return;
    case 'createTag':
    case 'renameTag':
    case 'deleteTag':
      applyToTag(draft.tags, operation);
  }
}

type BranchOperation = Extract<Operation, { kind: 'createBranch' | 'renameBranch' | 'deleteBranch' }>;

function applyToBranch(branches: Map<string, Branch>, operation: BranchOperation): void {
  const known = branches.get(operation.id);
  if (operation.kind === 'createBranch') branches.set(operation.id, { ...pick(operation), deleted: false });
  else if (known && operation.kind === 'renameBranch') branches.set(known.id, { ...known, name: operation.name });
  else if (known) branches.set(known.id, { ...known, deleted: true });
}

function pick({ id, name, parent, version }: Extract<Operation, { kind: 'createBranch' }>): Omit<Branch, 'deleted'> {
  return { id, name, parent, version };
}

function applyToTag(tags: Map<string, Tag>, operation: Extract<Operation, { kind: 'createTag' | 'renameTag' | 'deleteTag' }>): void {
  const known = tags.get(operation.id);
  if (operation.kind === 'createTag')
    tags.set(operation.id, { id: operation.id, name: operation.name, branch: operation.branch, version: operation.version });
  else if (operation.kind === 'deleteTag') tags.delete(operation.id);
  else if (known) tags.set(known.id, { ...known, name: operation.name });
}
