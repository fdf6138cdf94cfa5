import type { Dirent } from 'node:fs';
import { errno } from '../backends/local/disk.ts';
import { LIST_PAGE_MAX } from '../object-store.ts';
import { SourceUnavailable } from './errors.ts';
import type { PinnedFolder } from './pinned-folder.ts';
import { sourceEntry } from './source-entry.ts';
import type { SourceFile } from './source-folder.ts';
import { readName } from './source-name.ts';

/** What stands at a place of a folder's order: an entry itself, or everything below it. */
interface Step {
  sortKey: Buffer;
  name: Buffer;
  descend: boolean;
}

const SLASH = Buffer.from('/');

/** All entries below an open folder in the byte order of their paths, in pages. Holds one folder's names per level. */
export async function* walkFolder(folder: PinnedFolder, path: string): AsyncGenerator<SourceFile[]> {
  let run: Buffer[] = [];
  for (const { name, descend } of steps(await entriesOf(folder, path))) {
    if (!descend) run.push(name);
    if (run.length === LIST_PAGE_MAX || (descend && run.length > 0)) {
      yield* pageOf(folder, path, run);
      run = [];
    }
    if (descend) yield* walkChild(folder, path, name);
  }
  if (run.length > 0) yield* pageOf(folder, path, run);
}

/** The entries of one open folder in byte order. */
export async function readFolder(folder: PinnedFolder, path: string): Promise<SourceFile[]> {
  const names = (await entriesOf(folder, path)).map((entry) => entry.name).sort(Buffer.compare);
  const found: SourceFile[] = [];
  for (let i = 0; i < names.length; i += LIST_PAGE_MAX) {
    for await (const page of pageOf(folder, path, names.slice(i, i + LIST_PAGE_MAX))) found.push(...page);
  }
  return found;
}

async function* walkChild(folder: PinnedFolder, path: string, name: Buffer): AsyncGenerator<SourceFile[]> {
  const { text, problem } = readName(name);
  if (problem?.code === 'source.name_not_utf8') return;
  const child = await folder.openFolder(name).catch((cause) => unlessGone(below(path, text), cause));
  if (!child) return;
  try {
    yield* walkFolder(child, below(path, text));
  } finally {
    await child.close();
  }
}

async function entriesOf(folder: PinnedFolder, path: string): Promise<Dirent<Buffer>[]> {
  return (await folder.entries().catch((cause) => unlessGone(path, cause))) ?? [];
}

/** A folder 'a' comes at 'a', what is below it at 'a/': 'a' < 'a-b' < 'a/x'. */
function steps(entries: Dirent<Buffer>[]): Step[] {
  const found: Step[] = entries.map(({ name }) => ({ sortKey: name, name, descend: false }));
  for (const entry of entries) {
    if (entry.isDirectory()) found.push({ sortKey: Buffer.concat([entry.name, SLASH]), name: entry.name, descend: true });
  }
  return found.sort((a, b) => Buffer.compare(a.sortKey, b.sortKey));
}

async function* pageOf(folder: PinnedFolder, path: string, names: Buffer[]): AsyncGenerator<SourceFile[]> {
  const found = await Promise.all(names.map((name) => entryOf(folder, path, name)));
  const page = found.filter((entry) => entry !== undefined);
  if (page.length > 0) yield page;
}

async function entryOf(folder: PinnedFolder, path: string, name: Buffer): Promise<SourceFile | undefined> {
  const { text, problem } = readName(name);
  try {
    const entry = sourceEntry(below(path, text), await folder.lstat(name));
    if (problem) entry.nameProblem = problem;
    if (entry.kind === 'symlink') entry.linkTarget = await folder.readlink(name);
    return entry;
  } catch (cause) {
    return unlessGone(below(path, text), cause);
  }
}

/** What vanished, or turned from a folder into something else, while it was listed is not there. Anything else is an error. */
function unlessGone(path: string, cause: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL'].includes(errno(cause) ?? '')) return undefined;
  throw new SourceUnavailable(path || '.', cause);
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
