import { DrError } from '@dr/storage';
import { Damaged } from '../errors.ts';
import type { LeafEntry } from '../format/tree-page.ts';
import { type ReadPage, readTreePage } from './walk-tree.ts';

/** Leaf pages kept: about 250 entries each. */
const LEAVES_KEPT = 128;
const READ_AHEAD = 3;

/** A leaf page: the last path in it, its id, and how many entries it has. */
export interface LeafPage {
  readonly last: Buffer;
  readonly id: Uint8Array;
  readonly entries: number;
}

/** Where an entry stands in the tree, and its encoded body. */
export interface Found {
  /** Number of the leaf page. */
  readonly page: number;
  /** Number in the page. */
  readonly entry: number;
  readonly body: Uint8Array;
}

/**
 * Finds single paths in a tree, in any order; fastest in path order, when each page is read once and ahead of its use. Pages that cannot be read hold
 * nothing: for uses where a path that is not found only costs time. Upper pages stay in memory (60 bytes per 250 paths), leaf pages while they are used.
 */
export class LeafFinder {
  /** In path order. */
  readonly pages: readonly LeafPage[];
  readonly #read: ReadPage;
  readonly #kept = new Map<number, Promise<readonly LeafEntry[]>>();
  /** The page that was used last, once it is read: a path after the other is then found without waiting. */
  #current: { at: number; entries: readonly LeafEntry[] } | undefined;

  private constructor(read: ReadPage, pages: readonly LeafPage[]) {
    this.#read = read;
    this.pages = pages;
  }

  static async open(read: ReadPage, root: Uint8Array): Promise<LeafFinder> {
    return new LeafFinder(read, await leavesBelow(read, root));
  }

  /** The entry of a path. Returns a promise only when its page has to be read. */
  find(path: Buffer): Found | undefined | Promise<Found | undefined> {
    const at = this.#pageOf(path);
    if (at === this.pages.length) return undefined;
    if (this.#current?.at === at) return entryAt(at, this.#current.entries, path);
    return this.#leaf(at).then((entries) => {
      this.#current = { at, entries };
      return entryAt(at, entries, path);
    });
  }

  /** All entries of a page. @throws Damaged, and what reading throws. */
  async entriesOf(page: number): Promise<readonly LeafEntry[]> {
    const { id, entries } = this.pages[page]!;
    const kept = await this.#kept.get(page);
    if (kept?.length === entries) return kept;
    const read = await readTreePage(this.#read, id);
    if (!('entries' in read)) throw new Damaged(`tree page ${Buffer.from(id).toString('hex')}`, 'it is no leaf');
    return read.entries;
  }

  /** The page in which a path would stand: mostly the one before, or the next. */
  #pageOf(path: Buffer): number {
    const [at, { pages }] = [this.#current?.at ?? 0, this];
    if (at < pages.length && Buffer.compare(pages[at]!.last, path) >= 0 && (at === 0 || Buffer.compare(pages[at - 1]!.last, path) < 0))
      return at;
    return lowerBound(pages, ({ last }) => Buffer.compare(last, path));
  }

  #leaf(at: number): Promise<readonly LeafEntry[]> {
    const page = this.#load(at);
    for (let next = at + 1; next <= at + READ_AHEAD && next < this.pages.length; next++) this.#load(next);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= LEAVES_KEPT) break;
      this.#kept.delete(oldest);
    }
    return page;
  }

  #load(at: number): Promise<readonly LeafEntry[]> {
    const kept = this.#kept.get(at);
    this.#kept.delete(at);
    const page =
      kept ?? orNothing(readTreePage(this.#read, this.pages[at]!.id)).then((read) => (read && 'entries' in read ? read.entries : []));
    this.#kept.set(at, page);
    return page;
  }
}

async function leavesBelow(read: ReadPage, id: Uint8Array): Promise<LeafPage[]> {
  const page = await orNothing(readTreePage(read, id));
  if (!page) return [];
  if ('entries' in page) return page.entries.length === 0 ? [] : [{ last: page.entries.at(-1)!.path, id, entries: page.entries.length }];
  if (page.level === 1) return page.children.map(({ path, id, entries }) => ({ last: path, id: new Uint8Array(id), entries }));
  const found: LeafPage[] = [];
  for (const child of page.children) found.push(...(await leavesBelow(read, child.id)));
  return found;
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof DrError) return undefined;
    throw error;
  }
}

function entryAt(page: number, entries: readonly LeafEntry[], path: Buffer): Found | undefined {
  const entry = lowerBound(entries, (one) => Buffer.compare(one.path, path));
  const found = entries[entry];
  return found && Buffer.compare(found.path, path) === 0 ? { page, entry, body: found.body } : undefined;
}

/** Index of the first item that is not below. @param compare negative while below. */
function lowerBound<T>(items: readonly T[], compare: (item: T) => number): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(items[middle]!) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
