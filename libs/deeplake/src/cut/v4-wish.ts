import type { Branch } from '../v4/catalog.ts';
import type { History } from '../v4/history.ts';
import { VersionUnknown } from './errors.ts';
import { nearest } from './nearest.ts';

/** A version of a branch. `isHead`: the branch was named, so what was not committed to its log yet belongs to it too. */
export interface Chosen {
  readonly branch: Branch;
  readonly version: string;
  readonly isHead: boolean;
}

/**
 * The version that a name means: the name of a version (`BRANCH:VERSION` when several branches have it), of a tag or of a branch, in this
 * order. @throws VersionUnknown with the names that exist.
 */
export function chooseV4(history: History, name: string): Chosen {
  const { branches, tags } = history.catalog;
  const live = [...branches.values()].filter(({ deleted }) => !deleted);
  const owners = ownersOf(history, live, name);
  if (owners.length > 1) {
    const names = owners.map(({ branch, version }) => `${branch.name}:${version}`);
    throw new VersionUnknown(name, `Several branches have a version`, names);
  }
  if (owners[0]) return owners[0];
  const tag = [...tags.values()].find((t) => t.name === name);
  if (tag && branches.has(tag.branch)) return { branch: branches.get(tag.branch)!, version: tag.version, isHead: false };
  const branch = live.find((b) => b.name === name);
  if (branch) return { branch, version: history.head(branch), isHead: true };
  throw new VersionUnknown(name, 'There is no commit, tag or branch', nearest(name, namesOf(history, live)));
}

function ownersOf(history: History, live: readonly Branch[], name: string): Chosen[] {
  return live.flatMap((branch) => {
    const version = name.startsWith(`${branch.name}:`) ? name.slice(branch.name.length + 1) : name;
    return history.owns(branch.id, version) ? [{ branch, version, isHead: false }] : [];
  });
}

function* namesOf(history: History, live: readonly Branch[]): Generator<string> {
  for (const { name } of history.catalog.tags.values()) yield name;
  for (const { id, name } of live) {
    yield name;
    for (const log of history.logs.get(id) ?? []) yield live.length === 1 ? log.name.version : `${name}:${log.name.version}`;
  }
}
