import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SwapDisturbed, SwapFailed } from '../errors.ts';
import { exists, syncFolder } from '../target/entries.ts';
import type { Place } from '../target/place.ts';
import { removeTree } from '../target/remove-tree.ts';
import { isFolder, readIntent } from './intent.ts';

/** 'done': the new data set is in its place. 'undone': the target is what it was before, and nothing of the swap is left. */
export type SwapEnd = 'done' | 'undone';

/**
 * Brings a swap to its end by what is there, so a restart after a kill at any moment goes on where it stopped: target → old, staging →
 * target, then the old one and the intent go. Where the staging is lost, the old one is put back. What was in the target before is removed
 * only when the very folder that was staged stands in its place; what the system does not let us remove stays at `place.old`, for the swap is
 * done all the same. @throws SwapDisturbed, SwapFailed
 */
export async function finishSwap(place: Place): Promise<SwapEnd> {
  const intent = await readIntent(place);
  if (!intent) return 'undone';
  const { target, old, folder } = place;
  if (await exists(intent.staging)) await putInPlace(intent.staging, place);
  if (!(await isFolder(target, intent.identity))) return putBack(place);
  await syncFolder(dirname(target));
  await syncFolder(folder);
  await removeTree(old).catch(() => undefined);
  await removeIntent(place);
  return 'done';
}

/** The two renames. A failed one leaves the target as it was. */
async function putInPlace(staging: string, { name, target, old }: Place): Promise<void> {
  try {
    await mkdir(dirname(target), { recursive: true });
    if (await exists(target)) {
      if (await exists(old)) throw new SwapDisturbed(name, old);
      await rename(target, old);
    }
    await rename(staging, target);
  } catch (error) {
    if (error instanceof SwapDisturbed) throw error;
    const wasMoved = !(await exists(target)) && (await exists(old));
    if (wasMoved) await rename(old, target);
    throw new SwapFailed(name, error);
  }
}

/** The staged data set is gone. @throws SwapDisturbed when something else stands where the old one should return to */
async function putBack(place: Place): Promise<SwapEnd> {
  const { name, target, old, folder } = place;
  if (await exists(old)) {
    if (await exists(target)) throw new SwapDisturbed(name, old);
    await rename(old, target);
    await syncFolder(dirname(target));
    await syncFolder(folder);
  }
  await removeIntent(place);
  return 'undone';
}

/** For a restore that is given up for good: the old one back if it was moved away, and nothing of ours left. @throws SwapDisturbed */
export async function undoSwap(place: Place): Promise<SwapEnd> {
  const intent = await readIntent(place);
  if (intent && (await isFolder(place.target, intent.identity))) return finishSwap(place);
  if (intent) await putBack(place);
  await removeStagings(place);
  return 'undone';
}

async function removeIntent({ intent, folder }: Place): Promise<void> {
  await rm(intent, { force: true });
  await syncFolder(folder);
}

/** Removes what earlier claims of this job staged; `keep` is a staging of one's own. An intent that names one of them must be gone. */
export async function removeStagings(place: Place, keep?: string): Promise<void> {
  const prefix = basename(place.staging).replace(/[^-]*$/, '');
  const names = (await exists(place.folder)) ? await readdir(place.folder) : [];
  const stale = names.filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
  for (const path of stale.map((name) => join(place.folder, name))) {
    if (path !== keep) await removeTree(path);
  }
}
