import { v3TensorRows } from '../cut/v3-rows.ts';
import type { DatasetView } from '../dataset-view.ts';
import { Listing } from '../listing.ts';
import { DatasetFiles, isBroken } from '../v3/dataset-files.ts';
import { parseDatasetMeta } from '../v3/metas.ts';
import { commitFolder, DATASET_META, FIRST_COMMIT, VERSION_INFO } from '../v3/paths.ts';
import { parseVersionTree, UNVERSIONED, type VersionTree } from '../v3/version-tree.ts';
import { type CommitDiff, parseCommitDiff } from './commit-diff.ts';
import type { BranchChange, ColumnChanges, DatasetDiff, RowChanges, TensorChange } from './dataset-diff.ts';
import { NO_CHANGE } from './dataset-diff.ts';

/** A capture of a v3 data set: its files by name, without a listing, and its commit tree. */
interface Capture {
  readonly files: DatasetFiles;
  readonly tree: VersionTree;
}

/** Files that are asked for by name: what cannot be read is not there. */
class NamedFiles extends DatasetFiles {
  constructor(view: DatasetView) {
    super(view, new Listing());
  }

  override async parse<T>(path: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined | { readonly broken: string }> {
    const bytes = await this.view.read(path).catch(() => undefined);
    if (bytes === undefined) return undefined;
    try {
      return parse(bytes);
    } catch (error) {
      return { broken: String(error) };
    }
  }
}

/**
 * What became of a v3 data set between two captures: commits by the tree, rows of every tensor by its metas, and what happened to them by the diffs of
 * the commits in between. Uncommitted work of the earlier head is taken off what the same commit did in the end.
 */
export async function diffV3(before: DatasetView, after: DatasetView): Promise<DatasetDiff> {
  const [a, b] = [await captureOf(before), await captureOf(after)];
  if (isReplaced(a.tree, b.tree)) return { ...NO_CHANGE, replaced: true };
  const branches: BranchChange[] = [];
  for (const name of [...new Set([...a.tree.branches.keys(), ...b.tree.branches.keys()])].sort()) {
    const change = await branchChange(a, b, name);
    if (change) branches.push(change);
  }
  const derived = branches.filter(({ tensors = [] }) => tensors.some((tensor) => tensor.derived)).map(({ name }) => name);
  const notes = derived.map(
    (name) => `Branch ${name}: a merge or a reset is among its commits, whose rows v3 does not count; they follow from the lengths.`,
  );
  return { replaced: false, branches, tags: [], exact: notes.length === 0, notes };
}

async function captureOf(view: DatasetView): Promise<Capture> {
  const files = new NamedFiles(view);
  const tree = await files.parse(VERSION_INFO, parseVersionTree);
  return { files, tree: tree === undefined || isBroken(tree) ? UNVERSIONED : tree };
}

/** The first commit has the same id in every data set, so its time tells whether it is the same. */
function isReplaced(a: VersionTree, b: VersionTree): boolean {
  const was = a.commits.get(FIRST_COMMIT)?.committedAtMs;
  return was !== undefined && was !== b.commits.get(FIRST_COMMIT)?.committedAtMs;
}

async function branchChange(a: Capture, b: Capture, name: string): Promise<BranchChange | undefined> {
  const [headBefore, headAfter] = [a.tree.branches.get(name), b.tree.branches.get(name)];
  if (headAfter === undefined) return { name, change: 'removed', headBefore, commits: 0, undone: 0 };
  const path = lineage(b.tree, headAfter);
  const [is, was] = [committedIn(b.tree, path), headBefore === undefined ? [] : committedIn(a.tree, lineage(a.tree, headBefore))];
  const fresh =
    headBefore === undefined ? is.filter((id) => b.tree.commits.get(id)!.branch === name) : is.filter((id) => !was.includes(id));
  const undone = was.filter((id) => !is.includes(id));
  const start = headBefore ?? path.find((id) => b.tree.commits.get(id)!.branch !== name);
  const from = { capture: headBefore === undefined ? b : a, commit: start };
  const to = { capture: b, commit: headAfter };
  const changed = path.filter((id) => fresh.includes(id) || id === headAfter);
  const [tensors, columns] = [await tensorChanges(from, to, changed, a), await columnChanges(from, to)];
  if (headBefore === headAfter && fresh.length === 0 && tensors.length === 0 && isEmpty(columns)) return undefined;
  const change = headBefore === undefined ? 'added' : 'changed';
  return {
    name,
    change,
    ...(headBefore && { headBefore }),
    headAfter,
    commits: fresh.length,
    undone: undone.length,
    ...rowsOf(tensors),
    columns,
    tensors,
  };
}

/** From the head up to the first commit. */
function lineage({ commits }: VersionTree, head: string): string[] {
  const path = new Set<string>();
  for (let id: string | undefined = head; id !== undefined && commits.has(id) && !path.has(id); id = commits.get(id)!.parent) path.add(id);
  return [...path];
}

const committedIn = ({ commits }: VersionTree, path: readonly string[]): string[] =>
  path.filter((id) => commits.get(id)!.committedAtMs !== undefined);

/** A capture and one of its commits. */
interface Point {
  readonly capture: Capture;
  readonly commit: string | undefined;
}

/** `earlier`: what of these commits had been done by then is taken off. */
async function tensorChanges(from: Point, to: Point, changed: readonly string[], earlier: Capture): Promise<TensorChange[]> {
  const before = await rowsByKey(from);
  const after = await v3TensorRows(to.capture.files, to.commit!);
  const keys = await keysOf(to);
  const changes: TensorChange[] = [];
  for (const [name, rowsAfter] of after) {
    const key = keys.get(name) ?? name;
    const rowsBefore = before.get(key) ?? 0;
    const done = adjusted(await doneBy(changed, key, to.capture, earlier), rowsAfter - rowsBefore);
    const isChanged = rowsBefore !== rowsAfter || done.added + done.updated + done.deleted > 0;
    if (isChanged) changes.push({ name, rowsBefore, rowsAfter, ...done });
  }
  return changes;
}

/** The diff of a merge does not count the rows that it brought, and that of a reset is gone; the lengths of the tensor are right. */
function adjusted({ added, updated, deleted }: RowChanges, growth: number): RowChanges & { derived?: true } {
  if (added - deleted === growth) return { added, updated, deleted };
  return { added: Math.max(0, growth + deleted), updated, deleted: Math.max(deleted, -growth), derived: true };
}

async function rowsByKey(point: Point): Promise<Map<string, number>> {
  if (point.commit === undefined) return new Map();
  const keys = await keysOf(point);
  return new Map([...(await v3TensorRows(point.capture.files, point.commit))].map(([name, rows]) => [keys.get(name) ?? name, rows]));
}

async function doneBy(commits: readonly string[], key: string, later: Capture, earlier: Capture): Promise<RowChanges> {
  const sum = { added: 0, updated: 0, deleted: 0 };
  for (const commit of commits) {
    const path = `${commitFolder(commit)}${key}/commit_diff`;
    const did = await diffAt(later, path);
    const had = earlier.tree.commits.has(commit) ? await diffAt(earlier, path) : NOTHING_DONE;
    sum.added += Math.max(0, did.added - had.added);
    sum.updated += [...did.updated].filter((row) => !had.updated.has(row)).length;
    sum.deleted += [...did.deleted].filter((row) => !had.deleted.has(row)).length;
  }
  return sum;
}

const NOTHING_DONE: CommitDiff = { added: 0, updated: new Set(), deleted: new Set(), cleared: false };

async function diffAt({ files }: Capture, path: string): Promise<CommitDiff> {
  const diff = await files.parse(path, parseCommitDiff);
  return diff === undefined || isBroken(diff) ? NOTHING_DONE : diff;
}

/** Folder by name of every visible tensor. */
async function keysOf({ capture: { files }, commit }: Point): Promise<Map<string, string>> {
  const meta = commit === undefined ? undefined : await files.parse(`${commitFolder(commit)}${DATASET_META}`, parseDatasetMeta);
  if (meta === undefined || isBroken(meta)) return new Map();
  return new Map([...meta.names].filter(([, key]) => !meta.hidden.has(key)));
}

async function columnChanges(from: Point, to: Point): Promise<ColumnChanges> {
  const [before, after] = [await keysOf(from), await keysOf(to)];
  const nameOf = new Map([...before].map(([name, key]) => [key, name]));
  const gone = new Set(before.values());
  const added: string[] = [];
  const renamed: { from: string; to: string }[] = [];
  for (const [name, key] of after) {
    const from = nameOf.get(key);
    if (from === undefined) added.push(name);
    else if (from !== name) renamed.push({ from, to: name });
    gone.delete(key);
  }
  return { added, renamed, dropped: [...gone].map((key) => nameOf.get(key)!) };
}

const isEmpty = ({ added, renamed, dropped }: ColumnChanges): boolean => added.length + renamed.length + dropped.length === 0;

/** Rows of the data set, where every tensor that changed says the same of additions and deletions. */
function rowsOf(tensors: readonly TensorChange[]): { rows?: RowChanges } {
  const [first] = tensors.filter(({ added, deleted }) => added + deleted > 0);
  const { added = 0, deleted = 0 } = first ?? {};
  const agree = tensors.every((t) => (t.added === added && t.deleted === deleted) || t.added + t.deleted === 0);
  return agree ? { rows: { added, deleted, updated: Math.max(0, ...tensors.map(({ updated }) => updated)) } } : {};
}
