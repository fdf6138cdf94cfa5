import { Damaged } from '../errors.ts';
import { decodeEntry } from '../format/tree-entry.ts';
import { decodePage, type LeafEntry, type TreePage } from '../format/tree-page.ts';
import { checkPath } from '../format/tree-path.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import { decoding } from '../tenant-scope.ts';
import type { TreeEntry } from '../types.ts';

/** Gives the bytes of a tree page. */
export type ReadPage = (id: Uint8Array) => Promise<Uint8Array>;

/** Told of every page that is visited, before it is read. */
export type OnPage = (id: Uint8Array) => void;

export interface WalkOptions {
  /** One path and everything below it. */
  readonly under?: string;
  /** Only what comes behind this path; pages before it are not read. */
  readonly after?: string;
  readonly onPage?: OnPage;
  /** Told of a page that cannot be read, which is then skipped; without it the error is thrown. */
  readonly onLost?: (error: unknown, id: Uint8Array) => void;
}

/** Leaf entries of a tree in path order, a page at a time. Children of a page are read ahead, a few at once. */
export async function* walkPages(read: ReadPage, root: Uint8Array, options: WalkOptions = {}): AsyncGenerator<LeafEntry[]> {
  const range = behind(options.after, rangeOf(options.under));
  yield* walk(read, root, options, range);
}

const READ_AHEAD = 4;

async function* walk(read: ReadPage, id: Uint8Array, options: WalkOptions, range: PathRange): AsyncGenerator<LeafEntry[]> {
  const page = await readPage(read, id, options);
  if (page) yield* walkBelow(read, page, options, range);
}

async function* walkBelow(read: ReadPage, page: TreePage, options: WalkOptions, range: PathRange): AsyncGenerator<LeafEntry[]> {
  if ('entries' in page) {
    const entries = page.entries.filter(({ path }) => range.holds(path));
    if (entries.length > 0) yield entries;
    return;
  }
  const wanted = page.children.filter((child, i) => range.meets(page.children[i - 1]?.path, child.path));
  const ahead: Promise<TreePage | undefined>[] = [];
  for (let i = 0; i < wanted.length; i++) {
    while (ahead.length < READ_AHEAD && i + ahead.length < wanted.length) {
      const next = readPage(read, wanted[i + ahead.length]!.id, options);
      next.catch(() => {});
      ahead.push(next);
    }
    const child = await ahead.shift()!;
    if (child) yield* walkBelow(read, child, options, range);
  }
}

async function readPage(read: ReadPage, id: Uint8Array, { onPage, onLost }: WalkOptions): Promise<TreePage | undefined> {
  onPage?.(id);
  try {
    return await readTreePage(read, id);
  } catch (error) {
    if (!onLost) throw error;
    onLost(error, id);
    return undefined;
  }
}

/** @throws Damaged, and what reading throws. */
export async function readTreePage(read: ReadPage, id: Uint8Array): Promise<TreePage> {
  const bytes = await read(id);
  return decoding(`tree page ${Buffer.from(id).toString('hex')}`, () => decodePage(bytes));
}

/** @throws Damaged, BadPath: what a defect of a writer sealed. */
export function entryOf({ path, body }: LeafEntry): TreeEntry {
  const name = checkPath(path.toString());
  return decoding(`tree entry ${name}`, () => decodeEntry(name, body));
}

/** Decoded entries, one by one. */
export async function* walkEntries(reader: PieceReader, root: Uint8Array, options: WalkOptions = {}): AsyncGenerator<TreeEntry> {
  for await (const page of walkPages((id) => reader.read(id), root, options)) for (const entry of page) yield entryOf(entry);
}

/** @throws Damaged unless it is 64 hex digits. */
export function rootId(root: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(root)) throw new Damaged(`tree ${root}`, 'it is not the id of a tree page');
  return Buffer.from(root, 'hex');
}

interface PathRange {
  holds(path: Buffer): boolean;
  /** Whether paths after `before` up to `last` may be held. */
  meets(before: Buffer | undefined, last: Buffer): boolean;
}

/** `under` itself, and what starts with `under/`: in byte order all of that lies between `under` and `under` + '0' ('0' follows '/'). */
function rangeOf(under: string | undefined): PathRange {
  if (under === undefined || under === '') return { holds: () => true, meets: () => true };
  const [start, folder, end] = [Buffer.from(under), Buffer.from(`${under}/`), Buffer.from(`${under}0`)];
  return {
    holds: (path) => path.equals(start) || path.subarray(0, folder.length).equals(folder),
    meets: (before, last) => Buffer.compare(last, start) >= 0 && (before === undefined || Buffer.compare(before, end) < 0),
  };
}

/** What a range holds behind a path. A page is passed over when its last path is not behind it. */
function behind(after: string | undefined, range: PathRange): PathRange {
  if (after === undefined) return range;
  const place = Buffer.from(after);
  return {
    holds: (path) => Buffer.compare(path, place) > 0 && range.holds(path),
    meets: (before, last) => Buffer.compare(last, place) > 0 && range.meets(before, last),
  };
}
