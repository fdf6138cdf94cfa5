import { dirname, join, relative, sep } from 'node:path';
import { DEFAULT_TENANT, kindOfFolder } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { TargetAboveDatasets, TargetInsideDataset } from '../errors.ts';
import { entryAt, filesBelow } from './entries.ts';
import type { Place } from './place.ts';

/**
 * Data sets do not lie in each other: no folder above the target may be one, and the target no folder that holds some. Looked at again before
 * the swap. @throws TargetInsideDataset, TargetAboveDatasets
 */
export async function refuseNested(sourceRoot: string, place: Place): Promise<void> {
  if (!(await entryAt(sourceRoot))) return;
  const root = await openSourceFolder(sourceRoot);
  for (const folder of foldersAbove(sourceRoot, place)) {
    if ((await kindOfFolder(root, folder)) === 'dataset') throw new TargetInsideDataset(place.name, folder);
  }
  if ((await kindOfFolder(root, relative(sourceRoot, place.target))) === 'group') throw new TargetAboveDatasets(place.name);
}

/** From the tenant's folder down. A set of tenant `default` may lie directly below the root, where a group of its name would hide it. */
function foldersAbove(sourceRoot: string, { folder, target }: Place): string[] {
  const parts = relative(sourceRoot, dirname(target)).split(sep).filter(Boolean);
  const above = parts.map((_, i) => parts.slice(0, i + 1).join('/'));
  const isDefault = folder === join(sourceRoot, DEFAULT_TENANT);
  return isDefault && parts.length > 1 ? [...above, parts[1]!] : above;
}

/**
 * A first-level folder without any root below counts as one data set, whatever it holds: nothing is mapped into it. A set that goes back to
 * its own name is let in: what is left of its group may look like that when its roots are lost. @throws TargetInsideDataset
 */
export async function refuseInsideOpaque(sourceRoot: string, place: Place, { from, to }: { from: string; to: string }): Promise<void> {
  const [first, ...rest] = to.split('/') as [string, ...string[]];
  const folder = join(place.folder, first);
  if (from === to || rest.length === 0 || !(await entryAt(folder))?.isDirectory()) return;
  const path = relative(sourceRoot, folder);
  if ((await kindOfFolder(await openSourceFolder(sourceRoot), path)) !== 'plain') return;
  for await (const _ of filesBelow(folder)) throw new TargetInsideDataset(place.name, path);
}
