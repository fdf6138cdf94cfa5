import { existsSync, readlinkSync, realpathSync } from 'node:fs';
import { readlink, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SourceOutside } from './errors.ts';

/** Whether the system tells where an open handle lies (Linux); elsewhere the path is resolved a second time, which a quick rename could fool. */
export const handlesHavePaths = existsSync('/proc/self/fd');

/** The path of an open handle. A removed file's name ends with ' (deleted)', its folder does not. */
export function handlePath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/**
 * O_NOFOLLOW guards the last part of a path only. This proves that no link was followed on the way: the opened file lies in the very folder that
 * its path names. A rename within that folder is no harm.
 * @throws SourceOutside.
 */
export async function proveLocation(fd: number, path: string, viaHandle = handlesHavePaths): Promise<void> {
  compare(path, dirname(viaHandle ? await readlink(handlePath(fd)) : await realpath(path)));
}

/** As `proveLocation`, blocking. */
export function proveLocationSync(fd: number, path: string, viaHandle = handlesHavePaths): void {
  compare(path, dirname(viaHandle ? readlinkSync(handlePath(fd)) : realpathSync(path)));
}

function compare(path: string, folder: string): void {
  if (folder !== dirname(path))
    throw new SourceOutside(path, `a symbolic link leads to ${folder}, or the folder was moved while it was read`);
}
