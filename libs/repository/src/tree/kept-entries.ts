import type { Found, LeafFinder } from './leaf-finder.ts';

/**
 * Which entries of an earlier tree stand in the new one as they are, 4 bytes each: a page that keeps all of them is taken over by its id, and none of its
 * entries is written, sorted or hashed again.
 */
export class KeptEntries {
  readonly finder: LeafFinder;
  /** Per page and entry: turn + 1, 0 = not kept. */
  readonly #turns: (Uint32Array | undefined)[] = [];
  readonly #kept: Uint32Array;
  readonly #files: Uint32Array;
  readonly #bytes: Float64Array;

  constructor(finder: LeafFinder) {
    this.finder = finder;
    const pages = finder.pages.length;
    this.#kept = new Uint32Array(pages);
    this.#files = new Uint32Array(pages);
    this.#bytes = new Float64Array(pages);
  }

  /** @param size bytes of the file; undefined for what is no file. */
  keep({ page, entry }: Found, turn: number, size: number | undefined): void {
    const turns = this.#turns[page] ?? new Uint32Array(this.finder.pages[page]!.entries);
    this.#turns[page] = turns;
    const isNew = turns[entry] === 0;
    turns[entry] = turn + 1;
    if (!isNew) return;
    this.#kept[page]!++;
    if (size === undefined) return;
    this.#files[page]!++;
    this.#bytes[page]! += size;
  }

  /** The turn at which an entry was kept; undefined: it was not. */
  turnOf(page: number, entry: number): number | undefined {
    const turn = this.#turns[page]?.[entry];
    return turn ? turn - 1 : undefined;
  }

  any(page: number): boolean {
    return this.#kept[page]! > 0;
  }

  all(page: number): boolean {
    return this.#kept[page] === this.finder.pages[page]!.entries;
  }

  /** Files among the kept entries of a page, and the sum of their sizes. */
  totals(page: number): { objects: number; bytes: number } {
    return { objects: this.#files[page]!, bytes: this.#bytes[page]! };
  }
}
