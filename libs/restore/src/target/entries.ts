import type { Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { openSourceFolder, type SourceFile } from '@dr/storage';
import { TargetUnreadable } from '../errors.ts';

/** lstat; undefined when nothing is there. @throws TargetUnreadable when that cannot be told. */
export async function entryAt(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new TargetUnreadable(path, error);
  }
}

/** Something is there, link or not. */
export async function exists(path: string): Promise<boolean> {
  return (await entryAt(path)) !== undefined;
}

/** Makes what was renamed or created in a folder survive a power failure. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Files, links and special entries of a target; folders aside, whose times change with every lock. */
export async function* filesBelow(target: string): AsyncGenerator<SourceFile> {
  try {
    for await (const page of (await openSourceFolder(target)).list()) {
      for (const file of page) if (file.kind !== 'dir') yield file;
    }
  } catch (error) {
    throw new TargetUnreadable(target, error);
  }
}
