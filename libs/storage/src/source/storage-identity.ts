import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DrError } from '../dr-error.ts';
import { openSourceFolder } from './open-source-folder.ts';
import type { SourceFolder } from './source-folder.ts';
import { sourceError } from './source-handle.ts';

/**
 * Inode and time of birth of a folder, by which a storage is known again when it is mounted elsewhere or under another device number: a copy has others. Where the
 * file system knows no births the time is 0. @throws SourceMissing, SourceUnavailable.
 */
export async function storageIdentity(root: string): Promise<string> {
  const { ino, birthtimeNs, ctimeNs } = await stat(root, { bigint: true }).catch((cause) => {
    throw sourceError(root, cause);
  });
  return `${ino}-${birthtimeNs === ctimeNs ? 0n : birthtimeNs}`;
}

/** Whether two identities are of one storage. A time of birth that was unknown to one of them proves nothing either way. */
export function isSameStorage(a: string, b: string): boolean {
  const [[ino, birth], [otherIno, otherBirth]] = [a.split('-'), b.split('-')];
  return ino === otherIno && (birth === otherBirth || birth === '0' || otherBirth === '0');
}

/** Where files lay when their identity was taken: a storage, and a folder below its root. */
export interface Place {
  readonly storage?: string;
  readonly path?: string;
}

/** The folder of a place below the source that is connected now; or why it cannot be had, as a clause for a message. */
export async function openWhereItLay({ storage, path }: Place, sourceRoot: string): Promise<SourceFolder | string> {
  if (storage === undefined || path === undefined) return 'it is not known where they lay';
  try {
    const { root } = await openSourceFolder(sourceRoot);
    if (!isSameStorage(storage, await storageIdentity(root))) return 'the source that is connected is not the storage that they lay in';
    const folder = await openSourceFolder(join(root, path));
    return folder.root === join(root, path) ? folder : 'a link lies in the place of the data set';
  } catch (error) {
    if (error instanceof DrError && error.code.startsWith('source.')) return `the data set cannot be read at the source (${error.message})`;
    throw error;
  }
}
