import type { DatasetView } from './dataset-view.ts';

/** Every file of a data set with its size, for checks that ask "is it there, and how big". About 150 bytes of memory a file. */
export class Listing {
  readonly sizes = new Map<string, number>();
  readonly #pinned = new Set<string>();
  bytes = 0;

  static async of(view: DatasetView): Promise<Listing> {
    const listing = new Listing();
    for await (const page of view.list()) {
      for (const { path, size, kind, pinned } of page) {
        if (kind !== undefined && kind !== 'file') continue;
        listing.add(path, size);
        if (pinned) listing.#pinned.add(path);
      }
    }
    return listing;
  }

  add(path: string, size: number): void {
    this.sizes.set(path, size);
    this.bytes += size;
  }

  /** Its bytes cannot be read, and that is no damage. */
  isPinned(path: string): boolean {
    return this.#pinned.has(path);
  }

  has(path: string): boolean {
    return this.sizes.has(path);
  }

  size(path: string): number | undefined {
    return this.sizes.get(path);
  }
}
