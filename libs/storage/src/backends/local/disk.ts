import { link, lstat, mkdir, open, readdir, rmdir, statfs, unlink } from 'node:fs/promises';

/** The system calls that the local backend stands on, in one place so that tests can make each of them fail. */
export const disk = { link, lstat, mkdir, open, readdir, rmdir, statfs, unlink };

export type Disk = typeof disk;

/** The errno name of a failed system call. Told by its shape: under Jest the system's errors are of another realm than `Error`. */
export function errno(cause: unknown): string | undefined {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
