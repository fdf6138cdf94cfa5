import { constants } from 'node:fs';
import { areWholePages } from '../../page-memory.ts';
import type { Disk } from './disk.ts';

/** Below it the copy into the page cache costs less than waiting for the device. */
const DIRECT_BYTES_MIN = 1024 * 1024;
/** ext2 to ext4, XFS. Others take such writes and copy them all the same, do without their checksums, or refuse them. */
const DIRECT_FILE_SYSTEMS = new Set([0xef53, 0x58465342]);

/** Opens a new file for direct writes; undefined: this system has none. */
export const DIRECT_FLAGS: number | undefined =
  constants.O_DIRECT === undefined ? undefined : constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_DIRECT;

/** Whether bytes go past the page cache: a pack is not read again soon, and copying it into fresh pages costs as much as compressing it. */
export class DirectWrites {
  readonly #root: string;
  readonly #disk: Disk;
  #possible: Promise<boolean> | undefined;

  constructor(root: string, disk: Disk) {
    this.#root = root;
    this.#disk = disk;
  }

  async fit(buffers: readonly Uint8Array[]): Promise<boolean> {
    const [bytes] = buffers;
    if (!bytes || buffers.length > 1 || bytes.length < DIRECT_BYTES_MIN || !areWholePages(bytes)) return false;
    this.#possible ??= this.#ask();
    return this.#possible;
  }

  async #ask(): Promise<boolean> {
    if (DIRECT_FLAGS === undefined) return false;
    const type = await this.#disk.statfs(this.#root).then(
      (found) => found.type,
      () => undefined,
    );
    return type !== undefined && DIRECT_FILE_SYSTEMS.has(type);
  }
}
