import { readdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exists, syncFolder } from '../target/entries.ts';
import { type At, type Place, placeIn } from '../target/place.ts';
import { removeTree } from '../target/remove-tree.ts';
import { undoSwap } from './swap.ts';

/** Whose the names of ours in a folder are: a data set of a restore. */
export interface LeftOf {
  restoreId: string;
  n: number;
}

const OURS = /^\.dr-(?:old-|intent-)?(restore_\w+)-(\d+)(?:-\d+)?$/;

/** What restores of services left in a folder, or are at just now. A folder that cannot be looked into has nothing. */
export async function leftoversIn(folder: string): Promise<LeftOf[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  const found = new Map<string, LeftOf>();
  for (const name of names) {
    const [, restoreId, n] = OURS.exec(name) ?? [];
    if (restoreId !== undefined) found.set(`${restoreId}-${n}`, { restoreId, n: Number(n) });
  }
  return [...found.values()];
}

/**
 * Clears away what a data set of a restore that has ended left in `folder`: swaps are brought to their end, stagings go. What was there before is removed
 * when the new one was put in its place and is there, and put back when nothing was and nothing is; in every other case somebody else has been there, and it stays.
 * @returns the path of what stays. @throws SwapDisturbed, and what the system says
 */
export async function clearLeftover(folder: string, at: Omit<At, 'token'>, wasRestored: boolean): Promise<string | undefined> {
  const place = placeIn(folder, { ...at, token: 0 });
  await undoSwap(place);
  if (!(await exists(place.old))) return undefined;
  const isThere = await exists(place.target);
  if (isThere === wasRestored) await (wasRestored ? removeTree(place.old) : bringBack(place));
  return (await exists(place.old)) ? place.old : undefined;
}

async function bringBack({ old, target, folder }: Place): Promise<void> {
  await rename(old, target);
  await syncFolder(dirname(target));
  await syncFolder(folder);
}
