import type { DatasetView } from '../dataset-view.ts';
import type { Branch, LogFile } from '../v4/catalog.ts';
import type { BranchChange, DatasetDiff, RowChanges, TagChange } from './dataset-diff.ts';
import { NO_CHANGE } from './dataset-diff.ts';
import { RowDelta } from './row-delta.ts';
import { SchemaDelta } from './schema-delta.ts';
import { logKey, readV4Names, type V4Names } from './v4-names.ts';

/** What became of a v4 data set between two captures: exactly what the log files say that only one of them has. Reads these and the meta logs. */
export async function diffV4(before: DatasetView, after: DatasetView): Promise<DatasetDiff> {
  const [a, b] = [await readV4Names(before), await readV4Names(after)];
  if (a.catalog.datasetId !== b.catalog.datasetId) return { ...NO_CHANGE, replaced: true };
  const broken = new Set<string>();
  const branches: BranchChange[] = [];
  for (const [id, branch] of union(liveOf(a), liveOf(b))) {
    const change = await branchChange(a, b, id, branch.name, (path) => broken.add(path));
    if (change) branches.push(change);
  }
  const notes = [...broken].map((path) => `${path} cannot be read, so what it says is not counted`);
  return { replaced: false, branches: branches.sort(byName), tags: tagChanges(a, b).sort(byName), exact: notes.length === 0, notes };
}

const liveOf = ({ catalog }: V4Names): Map<string, Branch> => new Map([...catalog.branches].filter(([, { deleted }]) => !deleted));

const union = <T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): Map<string, T> => new Map([...a, ...b]);

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

type Broken = (path: string) => void;

async function branchChange(a: V4Names, b: V4Names, id: string, name: string, broken: Broken): Promise<BranchChange | undefined> {
  const [was, is] = [liveOf(a).get(id), liveOf(b).get(id)];
  if (!is) return { name, change: 'removed', headBefore: a.headOf(id), commits: 0, undone: 0 };
  const [headBefore, headAfter] = [was && a.headOf(id), b.headOf(id)];
  if (was && headBefore === headAfter && was.name === is.name) return undefined;
  const old = was ? a.history.chain(id) : birthOf(b, is);
  const commits = b.history.chain(id);
  const fresh = onlyIn(commits, old);
  const undone = onlyIn(old, commits);
  const done = await replay(b, fresh, broken);
  const back = await replay(a, undone, broken);
  const columns = await done.schema.changes(() => b.operations(commits.filter((file) => !fresh.includes(file)).reverse(), broken));
  const change = !was ? 'added' : was.name === is.name ? 'changed' : 'renamed';
  return {
    name: is.name,
    change,
    ...(change === 'renamed' && { renamedFrom: was!.name }),
    ...(headBefore !== undefined && { headBefore }),
    headAfter,
    commits: fresh.length,
    undone: undone.length,
    rows: rowsOf(done.rows.changes(), back.rows.changes()),
    columns,
  };
}

/** The commits that a new branch began with. */
const birthOf = ({ history }: V4Names, { parent, version }: Branch): LogFile[] =>
  parent === undefined ? [] : history.chain(parent, version);

function onlyIn(files: readonly LogFile[], others: readonly LogFile[]): LogFile[] {
  const known = new Set(others.map(logKey));
  return files.filter((file) => !known.has(logKey(file)));
}

async function replay(
  { operations }: V4Names,
  files: readonly LogFile[],
  broken: Broken,
): Promise<{ rows: RowDelta; schema: SchemaDelta }> {
  const [rows, schema] = [new RowDelta(), new SchemaDelta()];
  for await (const commit of operations(files, broken)) {
    const remap = commit.find((operation) => operation.kind === 'heavyRemap');
    if (remap) rows.remap(remap.moves, remap.superseded);
    for (const operation of commit) {
      if (!remap) rows.apply(operation);
      schema.apply(operation);
    }
  }
  return { rows, schema };
}

/** What commits that are no more had added is gone, and what they had deleted is there again. */
const rowsOf = (done: RowChanges, back: RowChanges): RowChanges => ({
  added: done.added + back.deleted,
  updated: done.updated + back.updated,
  deleted: done.deleted + back.added,
});

function tagChanges(a: V4Names, b: V4Names): TagChange[] {
  return [...union(a.catalog.tags, b.catalog.tags)].flatMap(([id, { name }]): TagChange[] => {
    const [was, is] = [a.catalog.tags.get(id), b.catalog.tags.get(id)];
    if (!was) return [{ name, change: 'added', versionAfter: is!.version }];
    if (!is) return [{ name, change: 'removed', versionBefore: was.version }];
    const versions = { versionBefore: was.version, versionAfter: is.version };
    if (was.version !== is.version) return [{ name, change: 'moved', ...versions }];
    return was.name === is.name ? [] : [{ name, change: 'renamed', renamedFrom: was.name, ...versions }];
  });
}
