import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { errno } from '../backends/local/disk.ts';
import { RangeOutside } from '../errors.ts';
import type { ByteRange } from '../object-store.ts';
import { SourceMissing, SourceOutside } from './errors.ts';
import { proveLocation } from './location.ts';
import { PinnedFolder } from './pinned-folder.ts';
import { sourceEntry } from './source-entry.ts';
import type { OnUnreadable, SourceFile, SourceFolder, SourceHandle, SyncSourceHandle } from './source-folder.ts';
import { openHandle, openHandleSync, sourceError } from './source-handle.ts';
import { readTarget } from './source-name.ts';
import { checkSourcePath } from './source-path.ts';
import { readFolder, walkFolder } from './walk.ts';

/** Opens an existing folder for reading; symlinks in `absolutePath` itself are the operator's and are resolved once. @throws SourceMissing, SourceOutside, SourceUnavailable. */
export async function openSourceFolder(absolutePath: string): Promise<SourceFolder> {
  if (!isAbsolute(absolutePath)) throw new SourceOutside(absolutePath, 'it is not an absolute path');
  try {
    const root = await realpath(absolutePath);
    if (!(await stat(root)).isDirectory()) throw new SourceMissing(`${absolutePath} (as a folder)`);
    return new LocalSourceFolder(root);
  } catch (cause) {
    throw sourceError(absolutePath, cause);
  }
}

class LocalSourceFolder implements SourceFolder {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  async *list(prefix = '', onUnreadable?: OnUnreadable): AsyncGenerator<SourceFile[]> {
    const folder = await this.#openFolder(prefix);
    try {
      yield* walkFolder(folder, prefix, onUnreadable);
    } finally {
      await folder.close();
    }
  }

  async readdir(path = ''): Promise<SourceFile[]> {
    const folder = await this.#openFolder(path);
    try {
      return await readFolder(folder, path);
    } finally {
      await folder.close();
    }
  }

  async #openFolder(path: string): Promise<PinnedFolder> {
    checkSourcePath(path, true);
    const full = this.#full(path);
    const folder = await PinnedFolder.open(Buffer.from(full)).catch((cause) => {
      const noFolder = errno(cause) === 'ENOTDIR' || errno(cause) === 'ELOOP';
      throw noFolder ? new SourceOutside(full, 'a part of it is a file or a symbolic link, not a folder') : sourceError(full, cause);
    });
    await proveLocation(folder.fd, full).catch(async (cause) => {
      await folder.close();
      throw sourceError(full, cause);
    });
    return folder;
  }

  async stat(path: string): Promise<SourceFile | undefined> {
    checkSourcePath(path, true);
    const full = this.#full(path);
    try {
      const entry = sourceEntry(path, await lstat(full, { bigint: true }));
      if (path !== '' && (await realpath(dirname(full))) !== dirname(full))
        throw new SourceOutside(full, 'a symbolic link lies on the way');
      if (entry.kind === 'symlink') Object.assign(entry, readTarget(await readlink(full, { encoding: 'buffer' })));
      return entry;
    } catch (cause) {
      if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return undefined;
      throw sourceError(full, cause);
    }
  }

  async read(path: string, range?: ByteRange): Promise<Uint8Array> {
    const handle = await this.open(path);
    try {
      const { size } = await handle.stat();
      const { start, end } = range ?? { start: 0, end: size };
      if (range && !(start >= 0 && start < end && end <= size)) throw new RangeOutside(this.#full(path), range, size);
      const bytes = Buffer.allocUnsafeSlow(end - start);
      const read = await handle.read(bytes, start);
      if (read < bytes.length) throw new RangeOutside(this.#full(path), { start, end }, start + read);
      return bytes;
    } finally {
      await handle.close();
    }
  }

  async open(path: string): Promise<SourceHandle> {
    checkSourcePath(path);
    return openHandle(this.root, path);
  }

  openSync(path: string): SyncSourceHandle {
    checkSourcePath(path);
    return openHandleSync(this.root, path);
  }

  #full(path: string): string {
    return join(this.root, path);
  }
}
