import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { NotDurable } from '../../errors.ts';
import { type Disk, errno } from './disk.ts';

/** Remembered folders; a store has about 256 per tenant. Forgetting costs a repeated mkdir and fsync, nothing else. */
const KNOWN_MAX = 10_000;

/**
 * Makes the folders of keys so that they survive a power cut: the parent of every folder is fsynced once per process, also when another
 * process made the folder, since that one may have died before its own fsync.
 */
export class DurableFolders {
  readonly #root: string;
  readonly #disk: Disk;
  readonly #known = new Set<string>();
  readonly #broken = new Set<string>();

  constructor(root: string, disk: Disk) {
    this.#root = root;
    this.#disk = disk;
  }

  /** @throws NotDurable, or what mkdir throws. */
  async ensure(folder: string): Promise<void> {
    if (folder === this.#root || this.#known.has(folder)) return;
    await this.ensure(dirname(folder));
    await this.#disk.mkdir(folder, { mode: 0o700 }).catch((cause) => {
      if (errno(cause) !== 'EEXIST') throw cause;
    });
    await this.sync(dirname(folder));
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.add(folder);
  }

  /** Makes the names in a folder durable. After one failure the folder counts as broken for this process: a later success would prove nothing. */
  async sync(folder: string): Promise<void> {
    if (this.#broken.has(folder)) throw this.#notDurable(folder, 'an earlier fsync of it failed');
    try {
      await syncFolder(folder, this.#disk);
    } catch (cause) {
      if (errno(cause) === 'ENOENT') throw cause;
      this.#broken.add(folder);
      throw this.#notDurable(folder, cause);
    }
  }

  /** After a folder was found missing: somebody removes them under us, so none is known any more. */
  forget(): void {
    this.#known.clear();
  }

  #notDurable(folder: string, cause: unknown): NotDurable {
    return new NotDurable(`the names in ${folder.slice(this.#root.length + 1) || 'its root'}`, `file://${this.#root}`, cause);
  }
}

/** fsync of a folder, which makes links made in it durable. */
export async function syncFolder(folder: string, disk: Disk): Promise<void> {
  const handle = await disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
