import { type BigIntStats, constants, type Dirent } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink } from 'node:fs/promises';
import { handlePath, handlesHavePaths } from './location.ts';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * A folder held open. On Linux names are looked up below the open handle (/proc/self/fd/N/name, as openat does), so nobody can lead a walk
 * elsewhere by putting a symlink in the folder's place. Elsewhere below its path, which a rename between two calls could still change.
 */
export class PinnedFolder {
  readonly #handle: FileHandle;
  readonly #at: Buffer;
  readonly #pin: boolean;

  private constructor(handle: FileHandle, path: Buffer, pin: boolean) {
    this.#handle = handle;
    this.#at = pin ? Buffer.from(handlePath(handle.fd)) : path;
    this.#pin = pin;
  }

  /** Opens a folder that is no symlink itself. @throws system errors: ENOENT, ENOTDIR or ELOOP for what is no folder. */
  static async open(path: Buffer, pin = handlesHavePaths): Promise<PinnedFolder> {
    return new PinnedFolder(await open(path, FOLDER_FLAGS), path, pin);
  }

  get fd(): number {
    return this.#handle.fd;
  }

  openFolder(name: Buffer): Promise<PinnedFolder> {
    return PinnedFolder.open(this.#child(name), this.#pin);
  }

  entries(): Promise<Dirent<Buffer>[]> {
    return readdir(this.#child(Buffer.from('.')), { encoding: 'buffer', withFileTypes: true });
  }

  lstat(name: Buffer): Promise<BigIntStats> {
    return lstat(this.#child(name), { bigint: true });
  }

  readlink(name: Buffer): Promise<Buffer> {
    return readlink(this.#child(name), { encoding: 'buffer' });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #child(name: Buffer): Buffer {
    return Buffer.concat([this.#at, Buffer.from('/'), name]);
  }
}
