import { field } from '../bytes/json-shape.ts';
import type { CommitTree } from '../restore/commit-tree.ts';
import { FIRST_COMMIT } from '../v3/paths.ts';
import { CannotCut, NotThatFarBack, VersionUnknown } from './errors.ts';
import { nearest } from './nearest.ts';
import type { VersionWish } from './version-cut.ts';

/** Which nodes of the commit tree stay, parents before children. `end`: the version; it may be a head with uncommitted work when that was named. */
export interface V3Target {
  readonly kept: readonly string[];
  readonly end: string;
}

const PREFIX_MIN = 7;

export const v3TargetOf = (tree: CommitTree, wish: VersionWish): V3Target =>
  wish.asOfMs === undefined ? named(tree, wish.version) : asOf(tree, wish.asOfMs);

/** A commit by its id (seven letters of it are enough when no other begins so), or the head of a branch. @throws VersionUnknown. */
function named(tree: CommitTree, name: string): V3Target {
  const alike = name.length < PREFIX_MIN ? [] : tree.ids.filter((id) => id.startsWith(name) && (isCommitted(tree, id) || isHead(tree, id)));
  if (alike.length > 1 && !alike.includes(name)) throw new VersionUnknown(name, 'Several commits begin with', alike);
  const end = (alike.includes(name) ? name : alike[0]) ?? tree.branches.get(name);
  if (end !== undefined && tree.has(end)) return { kept: lineage(tree, end), end };
  const names = [...tree.branches.keys(), ...tree.ids.filter((id) => isCommitted(tree, id))];
  throw new VersionUnknown(name, 'There is no commit or branch', nearest(name, names));
}

/** Every commit that had been made by then. What was not committed has no time, so it is left out. @throws NotThatFarBack, CannotCut. */
function asOf(tree: CommitTree, asOfMs: number): V3Target {
  const kept = new Set<string>();
  for (const id of parentsFirst(tree)) {
    const { parent } = tree.node(id)!;
    const wasMade = (committedAtMs(tree, id) ?? Number.POSITIVE_INFINITY) <= asOfMs;
    if (wasMade && (parent === undefined || kept.has(parent))) kept.add(id);
  }
  const main = tree.node(FIRST_COMMIT)?.branch;
  const end = [...kept].findLast((id) => tree.node(id)!.branch === main);
  if (end !== undefined) return { kept: [...kept], end };
  const beginsAtMs = committedAtMs(tree, FIRST_COMMIT);
  if (beginsAtMs === undefined) throw new CannotCut('It was never committed, so there is no version of which the time is known.');
  throw new NotThatFarBack(asOfMs, beginsAtMs);
}

/** From the first commit to this one. A cycle, which only damage makes, ends it. */
function lineage(tree: CommitTree, end: string): string[] {
  const path = new Set<string>();
  for (let id: string | undefined = end; id !== undefined && tree.has(id) && !path.has(id); id = tree.node(id)!.parent) path.add(id);
  return [...path].reverse();
}

/** The nodes of the tree, level by level. */
export function parentsFirst(tree: CommitTree): string[] {
  const children = Map.groupBy(tree.ids, (id) => tree.node(id)!.parent ?? '');
  const order = [...(children.get('') ?? [])];
  for (let i = 0; i < order.length; i++) order.push(...(children.get(order[i]!) ?? []));
  return order;
}

export function committedAtMs(tree: CommitTree, id: string): number | undefined {
  const seconds = field(tree.node(id)?.fields ?? {}, 'commit_time');
  return typeof seconds === 'number' ? Math.floor(seconds * 1000) : undefined;
}

const isCommitted = (tree: CommitTree, id: string): boolean => tree.node(id)?.committed ?? false;

const isHead = (tree: CommitTree, id: string): boolean => tree.branches.get(tree.node(id)!.branch) === id;
