import type { FileHandle } from 'node:fs/promises';
import { NotDurable } from '../../errors.ts';
import { DIRECT_FLAGS } from './direct-writes.ts';
import { type Disk, errno } from './disk.ts';

/**
 * Writes a new file with these buffers and makes it durable. A failed fsync is fatal for the file: the system may have dropped its pages, so it
 * is neither tried again nor linked.
 * @param direct past the page cache, where the disk takes it so.
 * @returns the open handle; the caller closes it and unlinks the file.
 */
export async function writeTemporary(
  path: string,
  buffers: readonly Uint8Array[],
  { store, disk, direct = false }: { store: string; disk: Disk; direct?: boolean },
): Promise<FileHandle> {
  if (!direct || DIRECT_FLAGS === undefined) return written(path, 'wx', buffers, store, disk);
  try {
    return await written(path, DIRECT_FLAGS, buffers, store, disk);
  } catch (cause) {
    // The disk has larger sectors than a page, or a layer below takes no direct writes.
    if (errno(cause) !== 'EINVAL') throw cause;
    return written(path, 'wx', buffers, store, disk);
  }
}

async function written(
  path: string,
  flags: string | number,
  buffers: readonly Uint8Array[],
  store: string,
  disk: Disk,
): Promise<FileHandle> {
  const handle = await disk.open(path, flags, 0o600);
  try {
    await writeAll(handle, buffers);
    await handle.sync().catch((cause) => {
      throw errno(cause) === 'ENOSPC' || errno(cause) === 'EDQUOT' ? cause : new NotDurable('a new object', store, cause);
    });
    return handle;
  } catch (cause) {
    await handle.close().catch(() => undefined);
    await disk.unlink(path).catch(() => undefined);
    throw cause;
  }
}

/** All bytes of all buffers, whatever the system writes at a time. */
export async function writeAll(handle: Pick<FileHandle, 'writev'>, buffers: readonly Uint8Array[]): Promise<void> {
  let rest = buffers.filter((buffer) => buffer.length > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest);
    if (bytesWritten === 0) throw new Error('the file system took no bytes');
    rest = after(rest, bytesWritten);
  }
}

function after(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  const index = buffers.findIndex((buffer) => {
    if (skip < buffer.length) return true;
    skip -= buffer.length;
    return false;
  });
  if (index < 0) return [];
  return [buffers[index]!.subarray(skip), ...buffers.slice(index + 1)];
}

/**
 * Gives a finished file its name unless the name exists. link() decides for all processes and machines at once; where its reply was lost (NFS)
 * the file's own link count tells whether it was ours.
 * @returns whether this file won. @throws what link throws when nobody can tell otherwise.
 */
export async function linkOnce(temporary: string, name: string, handle: Pick<FileHandle, 'stat'>, disk: Disk): Promise<boolean> {
  try {
    await disk.link(temporary, name);
    return true;
  } catch (cause) {
    if ((await handle.stat()).nlink === 2) return true;
    if (errno(cause) === 'EEXIST') return false;
    throw cause;
  }
}
