import { stat } from 'node:fs/promises';
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
