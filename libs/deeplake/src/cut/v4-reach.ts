import type { LogFile } from '../v4/catalog.ts';
import type { History } from '../v4/history.ts';
import { isBirth } from '../v4/paths.ts';

/**
 * How much of each branch is kept: its own commits up to a version, none of them for ''. A branch that is not in it is left out.
 * In every folder that is a prefix in string order, which is what a writer would have left. Source: DEEPLAKE_V4.md section 7.2.
 */
export type Reach = ReadonlyMap<string, string>;

/** What a version consists of: its branch and the ones it was born from, each up to there, and what was merged on the way. */
export function reachOfVersion(history: History, branch: string, version: string): Reach {
  const reach = new Map<string, string>();
  const need = (id: string, upTo: string): void => {
    const owner = history.ownerOf(id, upTo);
    if (owner !== undefined) raise(owner, upTo);
    add(id);
  };
  const add = (id: string): void => {
    const known = history.catalog.branches.get(id);
    if (reach.has(id) || !known) return;
    reach.set(id, '');
    if (known.parent !== undefined) need(known.parent, known.version ?? '');
  };
  const raise = (id: string, upTo: string): void => {
    add(id);
    const before = reach.get(id) ?? '';
    const own = (history.logs.get(id) ?? []).filter(({ name }) => name.version > before && name.version <= upTo);
    if (own.length > 0) reach.set(id, own.at(-1)!.name.version);
    for (const { name } of own) for (const { source } of history.mergesInto(id, name.version)) need(source.branch, source.version);
  };
  need(branch, version);
  return reach;
}

/** What had been written by a moment: of each branch that the cut meta log names, the commits before the first later one. */
export function reachOfMoment(history: History, isBy: (file: LogFile) => boolean): Reach {
  const reach = new Map<string, string>();
  for (const id of history.catalog.branches.keys()) {
    const own = history.logs.get(id) ?? [];
    const later = own.findIndex((file) => !isBy(file));
    reach.set(id, (later < 0 ? own : own.slice(0, later)).at(-1)?.name.version ?? '');
  }
  for (let dropped = true; dropped; ) dropped = dropHomeless(history, reach);
  return reach;
}

/** A branch whose birthplace is left out goes too. */
function dropHomeless(history: History, reach: Map<string, string>): boolean {
  const homeless = [...reach.keys()].filter((id) => {
    const { parent, version = '' } = history.catalog.branches.get(id)!;
    return parent !== undefined && !isKept(history, reach, parent, version);
  });
  for (const id of homeless) reach.delete(id);
  return homeless.length > 0;
}

/** Is a version, as a branch sees it, among what is kept? */
export function isKept(history: History, reach: Reach, branch: string, version: string): boolean {
  if (!reach.has(branch)) return false;
  if (isBirth(version)) return true;
  const owner = history.ownerOf(branch, version);
  return owner !== undefined && version <= (reach.get(owner) ?? '');
}
