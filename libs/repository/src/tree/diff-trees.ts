import { Damaged } from '../errors.ts';
import type { ChildEntry, LeafEntry, TreePage } from '../format/tree-page.ts';
import type { TreeDifference, TreeEntry } from '../types.ts';
import { entryOf, type ReadPage, readTreePage } from './walk-tree.ts';

const READ_AHEAD = 4;

/**
 * What two trees of one data set do not have in common, in path order, a page at a time. Pages that stand in both are not read, however large the trees
 * are: pages end where a path says so, so equal stretches are equal pages. Entries that differ only in times or inodes are not told.
 */
export async function* diffTrees(read: ReadPage, before: Uint8Array, after: Uint8Array): AsyncGenerator<TreeDifference[]> {
  const [left, right] = await differingLeaves(read, before, after);
  yield* merged(entriesOf(read, left), entriesOf(read, right));
}

/** Pages of one level of a tree. */
interface Row {
  readonly level: number;
  readonly ids: readonly Uint8Array[];
}

/** Ids of the leaf pages that only one of the trees has, in path order. */
async function differingLeaves(
  read: ReadPage,
  before: Uint8Array,
  after: Uint8Array,
): Promise<[readonly Uint8Array[], readonly Uint8Array[]]> {
  if (Buffer.compare(before, after) === 0) return [[], []];
  let [left, right] = [await rowOf(read, before), await rowOf(read, after)];
  while (left.level > 0 || right.level > 0) {
    if (left.level === right.level) [left, right] = withoutCommon(left, right);
    const level = Math.max(left.level, right.level);
    if (left.level === level) left = await below(read, left);
    if (right.level === level) right = await below(read, right);
  }
  [left, right] = withoutCommon(left, right);
  return [left.ids, right.ids];
}

const rowOf = async (read: ReadPage, id: Uint8Array): Promise<Row> => ({ level: (await readTreePage(read, id)).level, ids: [id] });

function withoutCommon(left: Row, right: Row): [Row, Row] {
  const known = (row: Row): Set<string> => new Set(row.ids.map(hex));
  const [inLeft, inRight] = [known(left), known(right)];
  return [
    { ...left, ids: left.ids.filter((id) => !inRight.has(hex(id))) },
    { ...right, ids: right.ids.filter((id) => !inLeft.has(hex(id))) },
  ];
}

const hex = (id: Uint8Array): string => Buffer.from(id).toString('latin1');

async function below(read: ReadPage, { level, ids }: Row): Promise<Row> {
  const children: Uint8Array[] = [];
  for await (const page of pagesOf(read, ids)) for (const { id } of childrenOf(page)) children.push(new Uint8Array(id));
  return { level: level - 1, ids: children };
}

function childrenOf(page: TreePage): readonly ChildEntry[] {
  if ('children' in page) return page.children;
  throw new Damaged('tree page', 'it is a leaf where an upper page should be');
}

async function* pagesOf(read: ReadPage, ids: readonly Uint8Array[]): AsyncGenerator<TreePage> {
  const ahead: Promise<TreePage>[] = [];
  for (let i = 0; i < ids.length; i++) {
    while (ahead.length < READ_AHEAD && i + ahead.length < ids.length) {
      const next = readTreePage(read, ids[i + ahead.length]!);
      next.catch(() => {});
      ahead.push(next);
    }
    yield await ahead.shift()!;
  }
}

async function* entriesOf(read: ReadPage, ids: readonly Uint8Array[]): AsyncGenerator<LeafEntry> {
  for await (const page of pagesOf(read, ids)) if ('entries' in page) yield* page.entries;
}

const TOLD_AT_ONCE = 256;

async function* merged(left: AsyncGenerator<LeafEntry>, right: AsyncGenerator<LeafEntry>): AsyncGenerator<TreeDifference[]> {
  let told: TreeDifference[] = [];
  let [a, b] = [await next(left), await next(right)];
  while (a || b) {
    const order = a && b ? Buffer.compare(a.path, b.path) : a ? -1 : 1;
    const difference = differenceOf(order <= 0 ? a : undefined, order >= 0 ? b : undefined);
    if (difference) told.push(difference);
    if (told.length === TOLD_AT_ONCE) {
      yield told;
      told = [];
    }
    [a, b] = [order <= 0 ? await next(left) : a, order >= 0 ? await next(right) : b];
  }
  if (told.length > 0) yield told;
}

async function next(entries: AsyncGenerator<LeafEntry>): Promise<LeafEntry | undefined> {
  const { value, done } = await entries.next();
  return done ? undefined : value;
}

function differenceOf(a: LeafEntry | undefined, b: LeafEntry | undefined): TreeDifference | undefined {
  if (a && b && Buffer.compare(a.body, b.body) === 0) return undefined;
  const [before, after] = [a && entryOf(a), b && entryOf(b)];
  const path = (before ?? after)!.path;
  if (!before || !after) return { path, before, after };
  return before.kind === after.kind && before.size === after.size && sameContent(before, after) ? undefined : { path, before, after };
}

/** Of a file that is only pinned no digest is known, so its identity counts. */
function sameContent(before: TreeEntry, after: TreeEntry): boolean {
  if (before.pinned || after.pinned) return before.mtimeNs === after.mtimeNs && (before.etag ?? after.etag) === (after.etag ?? before.etag);
  return before.digest === after.digest && before.linkTarget === after.linkTarget;
}
