import type { Dirent } from 'node:fs';
import { errno } from '../backends/local/disk.ts';
import { LIST_PAGE_MAX } from '../object-store.ts';
import { SourceUnavailable } from './errors.ts';
import type { PinnedFolder } from './pinned-folder.ts';
import { sourceEntry } from './source-entry.ts';
import type { OnUnreadable, SourceFile } from './source-folder.ts';
import { readName, readTarget } from './source-name.ts';

/** What stands at a place of a folder's order: an entry itself, or everything below it. */
interface Step {
  sortKey: Buffer;
  name: Buffer;
  descend: boolean;
}

const SLASH = Buffer.from('/');

/** All entries below an open folder in the byte order of their paths, in pages. Holds one folder's names per level. */
export async function* walkFolder(folder: PinnedFolder, path: string, onUnreadable?: OnUnreadable): AsyncGenerator<SourceFile[]> {
  let run: Buffer[] = [];
  for (const { name, descend } of steps(await entriesOf(folder, path, onUnreadable))) {
    if (!descend) run.push(name);
    if (run.length === LIST_PAGE_MAX || (descend && run.length > 0)) {
      yield* pageOf(folder, path, run, onUnreadable);
      run = [];
    }
    if (descend) yield* walkChild(folder, path, name, onUnreadable);
  }
  if (run.length > 0) yield* pageOf(folder, path, run, onUnreadable);
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

async function* walkChild(
  folder: PinnedFolder,
  path: string,
  name: Buffer,
  onUnreadable: OnUnreadable | undefined,
): AsyncGenerator<SourceFile[]> {
  const { text, problem } = readName(name);
  if (problem?.code === 'source.name_not_utf8') return;
  const child = await folder.openFolder(name).catch((cause) => unlessGone(below(path, text), cause, onUnreadable));
  if (!child) return;
  try {
    yield* walkFolder(child, below(path, text), onUnreadable);
  } finally {
    await child.close();
  }
}

async function entriesOf(folder: PinnedFolder, path: string, onUnreadable?: OnUnreadable): Promise<Dirent<Buffer>[]> {
  return (await folder.entries().catch((cause) => unlessGone(path, cause, onUnreadable))) ?? [];
}

/** A folder 'a' comes at 'a', what is below it at 'a/': 'a' < 'a-b' < 'a/x'. */
function steps(entries: Dirent<Buffer>[]): Step[] {
  const found: Step[] = entries.map(({ name }) => ({ sortKey: name, name, descend: false }));
  for (const entry of entries) {
    if (entry.isDirectory()) found.push({ sortKey: Buffer.concat([entry.name, SLASH]), name: entry.name, descend: true });
  }
  return found.sort((a, b) => Buffer.compare(a.sortKey, b.sortKey));
}

async function* pageOf(folder: PinnedFolder, path: string, names: Buffer[], onUnreadable?: OnUnreadable): AsyncGenerator<SourceFile[]> {
  await folder.pace.breathe();
  const found = await Promise.all(names.map((name) => entryOf(folder, path, name, onUnreadable)));
  const page = found.filter((entry) => entry !== undefined);
  if (page.length > 0) yield page;
}

async function entryOf(
  folder: PinnedFolder,
  path: string,
  name: Buffer,
  onUnreadable: OnUnreadable | undefined,
): Promise<SourceFile | undefined> {
  const { text, problem } = readName(name);
  try {
    const entry = sourceEntry(below(path, text), await folder.lstat(name));
    if (problem) entry.nameProblem = problem;
    if (entry.kind === 'symlink') Object.assign(entry, readTarget(await folder.readlink(name)));
    return entry;
  } catch (cause) {
    return unlessGone(below(path, text), cause, onUnreadable);
  }
}

/** What the system refuses to show of this one entry. Anything else (no handles left, say) is not the entry's fault. */
const REFUSED = ['EACCES', 'EPERM', 'EIO'];

/** What vanished, or turned from a folder into something else, while it was listed is not there. Anything else is an error. */
function unlessGone(path: string, cause: unknown, onUnreadable?: OnUnreadable): undefined {
  const code = errno(cause) ?? '';
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EINVAL'].includes(code)) return undefined;
  const error = new SourceUnavailable(path || '.', cause);
  if (!onUnreadable || !REFUSED.includes(code)) throw error;
  onUnreadable(path, error);
  return undefined;
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}
