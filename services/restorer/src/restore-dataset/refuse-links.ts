import { lstat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { DrError } from '@dr/storage';
import type { Place } from './place.ts';

/** A link or a file where a folder of the source root should be: what is written below it would land somewhere else. */
export class TargetIsNoFolder extends DrError {
  readonly code = 'restore.target_is_no_folder';
  constructor(path: string) {
    super(
      `${path} is not a folder but a link or a file, so nothing is restored below it. Remove it, or restore to another tenant or name.`,
    );
  }
}

/** Every folder from the source root down to the target's parent that exists must be a real one. @throws TargetIsNoFolder */
export async function refuseLinks(sourceRoot: string, { target }: Place): Promise<void> {
  let folder = sourceRoot;
  for (const name of relative(sourceRoot, dirname(target)).split(sep)) {
    folder = join(folder, name);
    const found = await lstat(folder).catch(() => undefined);
    if (found === undefined) return;
    if (!found.isDirectory()) throw new TargetIsNoFolder(folder);
  }
}
