import { keyedHash } from '../format/hashes.ts';
import { type ChildEntry, type LeafEntry, PageWriter } from '../format/tree-page.ts';

/** Stores a page as a piece and @returns its id. */
export type StorePage = (page: Buffer) => Promise<Uint8Array>;

/**
 * Builds a data set's tree from entries in path order. A page ends after a path whose HMAC(name key, path) has a zero byte at the page's level, or when
 * it is full: so a change in one place rewrites only the pages around it, and equal data sets give equal pages. Source: REPOSITORY.md section 2, Trees.
 */
export class TreeBuilder {
  readonly #boundary: (path: Uint8Array) => Buffer;
  readonly #store: StorePage;
  readonly #levels: { page: PageWriter; entriesBelow: number }[] = [];

  constructor(nameKey: Uint8Array, store: StorePage) {
    this.#boundary = keyedHash(nameKey);
    this.#store = store;
  }

  /** Paths must ascend in byte order. Returns a promise only when a page was finished. */
  add(entry: LeafEntry): Promise<void> | undefined {
    const level = this.#level(0);
    level.page.addLeaf(entry);
    level.entriesBelow++;
    const bits = this.#boundary(entry.path);
    return bits[0] === 0 || level.page.full ? this.#endPage(0, bits) : undefined;
  }

  /**
   * Adds a leaf page of another tree as it is, where the page that this tree would have there is the same one: it begins where that one begins, and ends by
   * the rule. @param isLast in its tree: it may have ended because nothing came after it. @returns false: its entries have to be added.
   */
  async addPage(child: ChildEntry, isLast: boolean): Promise<boolean> {
    if (this.#level(0).page.count > 0) return false;
    const bits = this.#boundary(child.path);
    if (isLast && bits[0] !== 0) return false;
    await this.#addChild(1, child, bits);
    return true;
  }

  /** Ends all open pages. @returns the root page's id. */
  async finish(): Promise<Uint8Array> {
    for (let level = 0; ; level++) {
      const { page } = this.#level(level);
      const top = level === this.#levels.length - 1;
      if (top && page.count === 1 && level > 0) return this.#onlyChild!;
      if (top) return this.#store(page.take());
      if (page.count > 0) await this.#addChild(level + 1, await this.#close(level), undefined);
    }
  }

  /** Id of the last child that was added to the top level. */
  #onlyChild: Uint8Array | undefined;

  async #endPage(level: number, bits: Buffer): Promise<void> {
    await this.#addChild(level + 1, await this.#close(level), bits);
  }

  async #close(level: number): Promise<ChildEntry> {
    const open = this.#level(level);
    const [path, entries] = [open.page.lastPath, open.entriesBelow];
    open.entriesBelow = 0;
    return { path, entries, id: await this.#store(open.page.take()) };
  }

  async #addChild(level: number, child: ChildEntry, bits: Buffer | undefined): Promise<void> {
    const open = this.#level(level);
    open.page.addChild(child);
    open.entriesBelow += child.entries;
    if (level === this.#levels.length - 1) this.#onlyChild = child.id;
    if (open.page.full || bits?.[level] === 0) await this.#endPage(level, bits ?? this.#boundary(child.path));
  }

  #level(level: number): { page: PageWriter; entriesBelow: number } {
    this.#levels[level] ??= { page: new PageWriter(level), entriesBelow: 0 };
    return this.#levels[level];
  }
}
