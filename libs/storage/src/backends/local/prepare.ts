import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DrError } from '../../dr-error.ts';
import { BadLocation, NoHardLinks, StoreFull, StoreMissing, StoreUnavailable } from '../../errors.ts';
import { RESERVED_PART } from '../../object-key.ts';
import { type Disk, errno } from './disk.ts';
import { syncFolder } from './durable-folders.ts';

/** A temporary file this much older than a fresh one was left by a process that died; a put takes seconds. */
const STALE_MS = 24 * 3600 * 1000;

/** A name for a file that is being built. */
export function temporaryName(root: string): string {
  return join(root, RESERVED_PART, randomBytes(16).toString('hex'));
}

/** @returns the folder without symlinks. @throws StoreMissing, BadLocation, StoreUnavailable. */
export async function prepareForReading(folder: string): Promise<string> {
  mustBeAbsolute(folder);
  try {
    const root = await realpath(folder);
    if (!(await stat(root)).isDirectory()) throw new StoreMissing(`file://${folder}`, 'it is not a folder');
    return root;
  } catch (cause) {
    if (cause instanceof DrError) throw cause;
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') throw new StoreMissing(`file://${folder}`, 'there is no such folder');
    throw new StoreUnavailable('Opening the folder', `file://${folder}`, cause);
  }
}

/** Makes the folder if absent, proves that it takes hard links, and sweeps what dead writers left. @throws as prepareForReading, and NoHardLinks. */
export async function prepareForWriting(folder: string, disk: Disk): Promise<string> {
  mustBeAbsolute(folder);
  try {
    await makeRoot(resolve(folder), disk);
    const root = await prepareForReading(folder);
    await disk.mkdir(join(root, RESERVED_PART), { mode: 0o700 }).catch(unlessExists);
    const now = await probeHardLinks(root, disk);
    await sweep(join(root, RESERVED_PART), now, disk);
    return root;
  } catch (cause) {
    if (cause instanceof DrError) throw cause;
    if (errno(cause) === 'ENOSPC' || errno(cause) === 'EDQUOT') throw new StoreFull(`${RESERVED_PART}/…`, `file://${folder}`, cause);
    throw new StoreUnavailable('Preparing the folder for writing', `file://${folder}`, cause);
  }
}

function mustBeAbsolute(folder: string): void {
  if (!isAbsolute(folder)) throw new BadLocation(folder, 'it is not an absolute folder');
}

function unlessExists(cause: unknown): void {
  if (errno(cause) !== 'EEXIST') throw cause;
}

/** Durable: every folder that is made here is fsynced into its parent. */
async function makeRoot(folder: string, disk: Disk): Promise<void> {
  const first = await disk.mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made), disk);
}

/** @returns the file system's own time, in ms. @throws NoHardLinks. */
async function probeHardLinks(root: string, disk: Disk): Promise<number> {
  const [one, two] = [temporaryName(root), temporaryName(root)];
  const handle = await disk.open(one, 'wx', 0o600);
  try {
    await disk.link(one, two).catch((cause) => {
      throw new NoHardLinks(`file://${root}`, cause);
    });
    const found: Stats = await handle.stat();
    if (found.nlink !== 2) throw new NoHardLinks(`file://${root}`, `a file with two names reports ${found.nlink}`);
    return found.mtimeMs;
  } finally {
    await handle.close();
    for (const name of [one, two]) await disk.unlink(name).catch(() => undefined);
  }
}

async function sweep(folder: string, nowMs: number, disk: Disk): Promise<void> {
  for (const name of await disk.readdir(folder)) {
    const path = join(folder, name);
    const found = await disk.lstat(path).catch(() => undefined);
    if (!found || nowMs - found.mtimeMs <= STALE_MS) continue;
    // A folder is none of ours; one with something in it stays.
    if (found.isDirectory()) await disk.rmdir(path).catch(() => undefined);
    else if (found.isFile()) await disk.unlink(path).catch(() => undefined);
  }
}
