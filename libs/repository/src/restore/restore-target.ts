import { constants } from 'node:fs';
import { chmod, lchown, mkdir, open, readdir, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mapLimited } from '../concurrency.ts';
import { TargetFailed, TargetNotEmpty } from '../errors.ts';
import type { TreeEntry } from '../types.ts';
import type { TargetFile } from '../workers/messages.ts';
import { secondsOf } from '../workers/target-files.ts';
import { makeDurable, syncFile } from './make-durable.ts';

const isRoot = process.getuid?.() === 0;
const AT_ONCE = 8;

/**
 * A folder that a tree is restored into. Everything in it was made by this restore: folders first, files by the threads, links last, so that no path ever
 * leads through a link; then modes, owners and times of folders, deepest first, and their fsync.
 */
export class RestoreTarget {
  readonly root: string;
  readonly #folders = new Map<string, TreeEntry | undefined>();
  readonly #links: TreeEntry[] = [];

  private constructor(root: string) {
    this.root = root;
  }

  /** @throws TargetNotEmpty, TargetFailed. */
  static async prepare(root: string): Promise<RestoreTarget> {
    const made = await attempt(`making ${root}`, () => mkdir(root, { mode: 0o700 }).then(() => true, existing));
    if (!made && (await attempt(`reading ${root}`, () => readdir(root))).length > 0) throw new TargetNotEmpty(root);
    return new RestoreTarget(root);
  }

  async folder(entry: TreeEntry): Promise<void> {
    await this.#ensure(entry.path);
    this.#folders.set(entry.path, entry);
  }

  link(entry: TreeEntry): void {
    this.#links.push(entry);
  }

  /** A file's place; folders above it are there when it returns. */
  async file(entry: TreeEntry, slot: number): Promise<TargetFile> {
    await this.#ensure(parentOf(entry.path));
    const { size, mode, uid, gid, mtimeNs } = entry;
    return { slot, path: join(this.root, entry.path), size, mode, uid, gid, mtimeNs };
  }

  /** Brings a file that is finished to the disk. One that its own mode keeps us from opening goes there with all others. */
  async sync(path: string): Promise<void> {
    await attempt(`syncing ${path}`, () => syncFile(path).catch(unlessClosedToUs));
  }

  /** All of it is on the disk when this returns. Modes come last where folders are synced one by one, since they may keep us from opening them. */
  async finish(): Promise<void> {
    const how = await attempt(`syncing the files below ${this.root}`, () => makeDurable(this.root));
    for (const link of this.#links) await this.#makeLink(link);
    const deepestFirst = [...this.#folders].sort(([a], [b]) => b.split('/').length - a.split('/').length);
    await mapLimited(deepestFirst, AT_ONCE, ([path, entry]) => this.#settle(path, entry, how === 'one by one'));
    for (const [path, entry] of deepestFirst) if (entry) await this.#setTime(path, entry);
    await attempt(`syncing ${this.root}`, async () => {
      if (how === 'at once') await makeDurable(this.root);
      await syncFolder(this.root);
      await syncFolder(dirname(this.root));
    });
  }

  async #ensure(path: string): Promise<void> {
    if (path === '' || this.#folders.has(path)) return;
    await this.#ensure(parentOf(path));
    await attempt(`making folder ${path}`, () => mkdir(join(this.root, path), { mode: 0o700 }));
    this.#folders.set(path, undefined);
  }

  async #makeLink(entry: TreeEntry): Promise<void> {
    await this.#ensure(parentOf(entry.path));
    const path = join(this.root, entry.path);
    await attempt(`making link ${entry.path}`, async () => {
      await symlink(entry.linkTarget ?? '', path);
      if (isRoot) await lchown(path, entry.uid, entry.gid);
    });
  }

  /** Folders that were only implied by a path below them keep an ordinary mode. */
  async #settle(path: string, entry: TreeEntry | undefined, sync: boolean): Promise<void> {
    const full = join(this.root, path);
    await attempt(`setting owner and mode of ${path}`, async () => {
      if (sync) await syncFolder(full);
      if (isRoot && entry) await lchown(full, entry.uid, entry.gid);
      await chmod(full, entry?.mode ?? 0o755);
    });
  }

  async #setTime(path: string, entry: TreeEntry): Promise<void> {
    const seconds = secondsOf(entry.mtimeNs);
    await attempt(`setting the time of ${path}`, () => utimes(join(this.root, path), seconds, seconds));
  }
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const existing = (cause: NodeJS.ErrnoException): false => {
  if (cause.code === 'EEXIST') return false;
  throw cause;
};

const unlessClosedToUs = (cause: NodeJS.ErrnoException): void => {
  if (cause.code !== 'EACCES') throw cause;
};

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function attempt<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new TargetFailed(`Restore: ${doing}`, cause);
  }
}
