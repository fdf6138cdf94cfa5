import { type BigIntStats, closeSync, constants, type Dirent, lstatSync, open, openSync, readdirSync } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { handlePath, handlesHavePaths } from './location.ts';
import { Pace } from './pace.ts';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const openLater = promisify(open);

/**
 * A folder held open. On Linux names are looked up below the open handle (/proc/self/fd/N/name, as openat does), so nobody can lead a walk
 * elsewhere by putting a symlink in the folder's place. Elsewhere below its path, which a rename between two calls could still change.
 */
export class PinnedFolder {
  /** Shared with the folders that were opened from this one. */
  readonly pace: Pace;
  readonly fd: number;
  readonly #at: Buffer;
  readonly #pin: boolean;

  private constructor(fd: number, path: Buffer, pin: boolean, pace: Pace) {
    this.fd = fd;
    this.#at = pin ? Buffer.from(handlePath(fd)) : path;
    this.#pin = pin;
    this.pace = pace;
  }

  /** Opens a folder that is no symlink itself. @throws system errors: ENOENT, ENOTDIR or ELOOP for what is no folder. */
  static async open(path: Buffer, pin = handlesHavePaths, pace = new Pace()): Promise<PinnedFolder> {
    const fd = pace.ask(
      () => openSync(path, FOLDER_FLAGS),
      () => openLater(path, FOLDER_FLAGS, 0),
    );
    return new PinnedFolder(await fd, path, pin, pace);
  }

  openFolder(name: Buffer): Promise<PinnedFolder> {
    return PinnedFolder.open(this.#child(name), this.#pin, this.pace);
  }

  async entries(): Promise<Dirent<Buffer>[]> {
    const path = this.#child(Buffer.from('.'));
    const options = { encoding: 'buffer', withFileTypes: true } as const;
    return this.pace.ask(
      () => readdirSync(path, options),
      () => readdir(path, options),
    );
  }

  lstat(name: Buffer): BigIntStats | Promise<BigIntStats> {
    const path = this.#child(name);
    return this.pace.ask(
      () => lstatSync(path, { bigint: true }),
      () => lstat(path, { bigint: true }),
    );
  }

  readlink(name: Buffer): Promise<Buffer> {
    return readlink(this.#child(name), { encoding: 'buffer' });
  }

  async close(): Promise<void> {
    closeSync(this.fd);
  }

  #child(name: Buffer): Buffer {
    return Buffer.concat([this.#at, Buffer.from('/'), name]);
  }
}
