import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailable } from '../../errors.ts';
import { isKeyPart, RESERVED_PART } from '../../object-key.ts';
import { LIST_PAGE_MAX, type ObjectEntry } from '../../object-store.ts';
import type { Pace } from '../../source/pace.ts';
import { type Disk, errno } from './disk.ts';

interface Place {
  root: string;
  disk: Disk;
  /** Asks the system blocking while it answers at once; undefined: always through `disk`. */
  pace: Pace | undefined;
}

interface Walk extends Place {
  prefix: string;
  after: string;
}

/** Objects in byte order of their keys, in pages. Holds one folder's names per level at a time, so memory is bounded by the largest folder. */
export async function* listObjects(walk: Walk): AsyncGenerator<ObjectEntry[]> {
  const start = walk.prefix.slice(0, walk.prefix.lastIndexOf('/') + 1);
  if (start.startsWith(`${RESERVED_PART}/`)) return;
  let waiting: string[] = [];
  for await (const run of keysBelow(walk, start)) {
    const keys = waiting.length > 0 ? waiting.concat(run) : run;
    const full = keys.length - (keys.length % LIST_PAGE_MAX);
    for (let i = 0; i < full; i += LIST_PAGE_MAX) yield* pageOf(walk, keys.slice(i, i + LIST_PAGE_MAX));
    waiting = keys.slice(full);
  }
  yield* pageOf(walk, waiting);
}

async function* pageOf(walk: Walk, keys: string[]): AsyncGenerator<ObjectEntry[]> {
  await walk.pace?.breathe();
  const found = await Promise.all(keys.map((key) => statObject(walk, key)));
  const page = found.filter((entry) => entry !== undefined);
  if (page.length > 0) yield page;
}

/** Size and time of one object; undefined when there is none (any more). */
export async function statObject({ root, disk, pace }: Place, key: string): Promise<ObjectEntry | undefined> {
  const path = join(root, key);
  const patient = () => disk.lstat(path);
  try {
    const found = pace ? await pace.ask(() => lstatSync(path), patient) : await patient();
    return found.isFile() ? { key, size: found.size, modifiedAtMs: Math.floor(found.mtimeMs) } : undefined;
  } catch (cause) {
    if (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR') return undefined;
    throw new StoreUnavailable(`Reading the size of object ${key}`, `file://${root}`, cause);
  }
}

/** Keys below a folder ('' or 'a/b/') in order, one array per run of files between two sub-folders. */
async function* keysBelow(walk: Walk, folder: string): AsyncGenerator<string[]> {
  let run: string[] = [];
  for (const path of await sortedPaths(walk, folder)) {
    if (!path.endsWith('/')) {
      run.push(path);
      continue;
    }
    if (run.length > 0) yield run;
    run = [];
    yield* keysBelow(walk, path);
  }
  if (run.length > 0) yield run;
}

/** What a folder holds: keys, and folders as 'path/', which is also how they sort among the keys ('a-b' < 'a/x'). Only what the walk asks for. */
async function sortedPaths(walk: Walk, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await entriesOf(walk, folder)) {
    const path = pathOf(walk.root, folder, entry);
    if (path !== undefined && wanted(walk, path)) paths.push(path);
  }
  return paths.sort();
}

async function entriesOf({ root, disk, pace }: Walk, folder: string): Promise<Dirent[]> {
  const path = join(root, folder);
  const patient = () => disk.readdir(path, { withFileTypes: true });
  try {
    return pace ? await pace.ask(() => readdirSync(path, { withFileTypes: true }), patient) : await patient();
  } catch (cause) {
    if (folder !== '' && (errno(cause) === 'ENOENT' || errno(cause) === 'ENOTDIR')) return [];
    throw new StoreUnavailable(`Listing ${folder || 'the objects'}`, `file://${root}`, cause);
  }
}

/** Names that no key has (lost+found, .nfs…) are not ours. A link where an object or a folder should be is refused: what it hides would be missing. */
function pathOf(root: string, folder: string, entry: Dirent): string | undefined {
  if (!isKeyPart(entry.name) || (folder === '' && entry.name === RESERVED_PART)) return undefined;
  const path = folder + entry.name;
  if (entry.isFile()) return path;
  if (entry.isDirectory()) return `${path}/`;
  throw new StoreUnavailable(
    `Listing ${path}`,
    `file://${root}`,
    'it is a link or special file, but a store consists of plain files and folders',
  );
}

function wanted({ prefix, after }: Walk, path: string): boolean {
  if (!path.endsWith('/')) return path.startsWith(prefix) && path > after;
  const mayMatch = path.startsWith(prefix) || prefix.startsWith(path);
  return mayMatch && (path > after || after.startsWith(path));
}
