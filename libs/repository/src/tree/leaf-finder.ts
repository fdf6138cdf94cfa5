import { DrError } from '@dr/storage';
import type { LeafEntry } from '../format/tree-page.ts';
import { type ReadPage, readTreePage } from './walk-tree.ts';

/** Leaf pages kept: about 250 entries each. */
const LEAVES_KEPT = 128;
const READ_AHEAD = 3;

interface Leaf {
  readonly last: Buffer;
  readonly id: Uint8Array;
}

/**
 * Finds single paths in a tree, in any order; fastest in path order, when each page is read once and ahead of its use. Pages that cannot be read hold
 * nothing: for uses where a path that is not found only costs time. Upper pages stay in memory (60 bytes per 250 paths), leaf pages while they are used.
 */
export class LeafFinder {
  readonly #read: ReadPage;
  readonly #leaves: readonly Leaf[];
  readonly #kept = new Map<number, Promise<readonly LeafEntry[]>>();
  /** The page that was used last, once it is read: a path after the other is then found without waiting. */
  #current: { at: number; entries: readonly LeafEntry[] } | undefined;

  private constructor(read: ReadPage, leaves: readonly Leaf[]) {
    this.#read = read;
    this.#leaves = leaves;
  }

  static async open(read: ReadPage, root: Uint8Array): Promise<LeafFinder> {
    return new LeafFinder(read, await leavesBelow(read, { last: Buffer.alloc(0), id: root }));
  }

  /** The encoded entry of a path. Returns a promise only when its page has to be read. */
  find(path: Buffer): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    const at = this.#leaves.length === 1 ? 0 : lowerBound(this.#leaves, ({ last }) => Buffer.compare(last, path));
    if (at === this.#leaves.length) return undefined;
    if (this.#current?.at === at) return entryAt(this.#current.entries, path);
    return this.#leaf(at).then((entries) => {
      this.#current = { at, entries };
      return entryAt(entries, path);
    });
  }

  #leaf(at: number): Promise<readonly LeafEntry[]> {
    const page = this.#load(at);
    for (let next = at + 1; next <= at + READ_AHEAD && next < this.#leaves.length; next++) this.#load(next);
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
      kept ?? orNothing(readTreePage(this.#read, this.#leaves[at]!.id)).then((read) => (read && 'entries' in read ? read.entries : []));
    this.#kept.set(at, page);
    return page;
  }
}

async function leavesBelow(read: ReadPage, node: Leaf): Promise<Leaf[]> {
  const page = await orNothing(readTreePage(read, node.id));
  if (!page) return [];
  if ('entries' in page) return [node];
  const below = page.children.map(({ path, id }) => ({ last: path, id }));
  if (page.level === 1) return below;
  const found: Leaf[] = [];
  for (const child of below) found.push(...(await leavesBelow(read, child)));
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

function entryAt(entries: readonly LeafEntry[], path: Buffer): Uint8Array | undefined {
  const found = entries[lowerBound(entries, (entry) => Buffer.compare(entry.path, path))];
  return found && Buffer.compare(found.path, path) === 0 ? found.body : undefined;
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
