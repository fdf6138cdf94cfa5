import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { errno } from '../backends/local/disk.ts';
import { DrError } from '../dr-error.ts';
import { SourceMissing, SourceNotAFile, SourceUnavailable } from './errors.ts';
import { proveLocation, proveLocationSync } from './location.ts';
import { sourceEntry } from './source-entry.ts';
import type { SourceFile, SourceHandle, SyncSourceHandle } from './source-folder.ts';

/** O_NONBLOCK: a pipe that took the file's place must not hang the open. */
const FILE_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Opens a regular file `path` below `root` and proves that it lies there. @throws SourceMissing, SourceNotAFile, SourceOutside, SourceUnavailable. */
export async function openHandle(root: string, path: string): Promise<SourceHandle> {
  const full = join(root, path);
  const handle = await open(full, FILE_FLAGS).catch((cause) => {
    throw sourceError(full, cause);
  });
  try {
    await proveLocation(handle.fd, full);
    if (!(await handle.stat()).isFile()) throw new SourceNotAFile(full);
    return new OpenHandle(handle, path, full);
  } catch (cause) {
    await handle.close();
    throw sourceError(full, cause);
  }
}

class OpenHandle implements SourceHandle {
  readonly path: string;
  readonly #full: string;
  readonly #handle: FileHandle;

  constructor(handle: FileHandle, path: string, full: string) {
    this.path = path;
    this.#full = full;
    this.#handle = handle;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, done, buffer.length - done, position + done).catch((cause) => {
        throw sourceError(this.#full, cause);
      });
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async stat(): Promise<SourceFile> {
    return sourceEntry(this.path, await this.#handle.stat({ bigint: true }));
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** As `openHandle`, blocking: about a fifth of its cost for a small file. */
export function openHandleSync(root: string, path: string): SyncSourceHandle {
  const full = join(root, path);
  const fd = attempt(full, () => openSync(full, FILE_FLAGS));
  try {
    proveLocationSync(fd, full);
    if (!fstatSync(fd).isFile()) throw new SourceNotAFile(full);
  } catch (cause) {
    closeSync(fd);
    throw sourceError(full, cause);
  }
  return {
    path,
    read: (buffer, position) => attempt(full, () => readAllSync(fd, buffer, position)),
    stat: () => attempt(full, () => sourceEntry(path, fstatSync(fd, { bigint: true }))),
    close: () => closeSync(fd),
  };
}

function readAllSync(fd: number, buffer: Uint8Array, position: number): number {
  let done = 0;
  while (done < buffer.length) {
    const read = readSync(fd, buffer, done, buffer.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return done;
}

function attempt<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw sourceError(path, cause);
  }
}

/** A system error as one of ours. */
export function sourceError(path: string, cause: unknown): DrError {
  if (cause instanceof DrError) return cause;
  switch (errno(cause)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new SourceMissing(path);
    case 'ELOOP':
    case 'ENXIO':
      return new SourceNotAFile(path);
    default:
      return new SourceUnavailable(path, cause);
  }
}
