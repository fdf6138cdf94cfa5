import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NoSpace, OtherFileSystem, TargetReadOnly } from '../errors.ts';
import { entryAt } from './entries.ts';
import { type Place, standingFolder } from './place.ts';

/** What a data set takes while it is staged. */
export interface Load {
  objects: number;
  bytes: number;
}

/** Every file takes whole blocks, and a folder or an inode beside. */
const BYTES_PER_OBJECT = 4096;

export const bytesStaged = ({ objects, bytes }: Load): number => bytes + objects * BYTES_PER_OBJECT;

export interface Room {
  /** Device, so that what goes to one file system can be added up. */
  device: number;
  folder: string;
  freeBytes: number;
}

/** Whether a data set can be staged and swapped in here. Writes nothing. @throws TargetReadOnly, OtherFileSystem, TargetUnreadable */
export async function roomAt({ folder, target }: Pick<Place, 'folder' | 'target'>): Promise<Room> {
  const [standing, parent] = [await standingFolder(folder), await standingFolder(dirname(target))];
  for (const path of new Set([standing, parent])) await mustBeWritable(path);
  const device = (await stat(standing)).dev;
  const there = await entryAt(target);
  for (const [path, dev] of [[parent, (await stat(parent)).dev] as const, [target, there?.dev ?? device] as const]) {
    if (dev !== device) throw new OtherFileSystem(path);
  }
  const { bavail, bsize } = await statfs(standing);
  return { device, folder: standing, freeBytes: bavail * bsize };
}

async function mustBeWritable(path: string): Promise<void> {
  await access(path, constants.W_OK | constants.X_OK).catch((error) => {
    throw new TargetReadOnly(path, error);
  });
}

/** @throws NoSpace */
export function refuseNarrow({ folder, freeBytes }: Room, needed: number): void {
  if (needed > freeBytes) throw new NoSpace(folder, { needed, free: freeBytes });
}
