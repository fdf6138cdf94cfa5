import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Copies a folder with its times. */
export async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
}

/**
 * Makes the files of `folder` those of `next`, in place: only what differs is written, as a writer would do, so that every engine sees the same changed
 * files under the same path and everything else untouched. @returns paths written or removed.
 */
export async function updateInPlace(folder: string, next: string): Promise<string[]> {
  const [had, has] = [await filesIn(folder), await filesIn(next)];
  const gone = [...had].filter((path) => !has.has(path));
  for (const path of gone) await rm(join(folder, path));
  const written: string[] = [];
  for (const path of has) {
    if (had.has(path) && (await sameFile(join(folder, path), join(next, path)))) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), await readFile(join(next, path)));
    written.push(path);
  }
  return [...gone, ...written].sort();
}

/** Paths whose content is not the same in both folders, or that only one has. */
export async function differences(one: string, other: string): Promise<string[]> {
  const [a, b] = [await filesIn(one), await filesIn(other)];
  const different: string[] = [];
  for (const path of new Set([...a, ...b]))
    if (!a.has(path) || !b.has(path) || !(await sameFile(join(one, path), join(other, path)))) different.push(path);
  return different;
}

export async function bytesIn(folder: string): Promise<number> {
  const sizes = await Promise.all([...(await filesIn(folder))].map(async (path) => (await stat(join(folder, path))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function filesIn(folder: string): Promise<Set<string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return new Set(entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)));
}

async function sameFile(one: string, other: string): Promise<boolean> {
  if ((await stat(one)).size !== (await stat(other)).size) return false;
  return (await readFile(one)).equals(await readFile(other));
}
