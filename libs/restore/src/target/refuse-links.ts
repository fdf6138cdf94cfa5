import { dirname, join, relative, sep } from 'node:path';
import { TargetIsNoFolder } from '../errors.ts';
import { entryAt } from './entries.ts';
import type { Place } from './place.ts';

/** Every folder from the source root down to the target that exists must be a real one. @throws TargetIsNoFolder, TargetUnreadable */
export async function refuseLinks(sourceRoot: string, { target }: Pick<Place, 'target'>): Promise<void> {
  let folder = sourceRoot;
  for (const name of relative(sourceRoot, dirname(target)).split(sep)) {
    folder = join(folder, name);
    const found = await entryAt(folder);
    if (found === undefined) return;
    if (!found.isDirectory()) throw new TargetIsNoFolder(folder);
  }
  const there = await entryAt(target);
  if (there && !there.isDirectory()) throw new TargetIsNoFolder(target);
}
