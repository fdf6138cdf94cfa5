import { BARRIER, type PlannedFile } from './planned-file.ts';

/** Entries that are held for whoever asks for them later: about 400 bytes each. */
const ENTRIES_MAX = 16_000;

/** What a plan that is made ahead knows of the capture it is made for. */
export interface Ahead {
  /** Nobody has asked for the first page yet, so there is time to look at the source once more. */
  readonly isEarly: () => boolean;
  /** No file's bytes have been read yet. */
  readonly untouched: () => boolean;
}

/**
 * Pages of a plan that are made while nobody can use them yet, up to the first barrier: what follows it may be listed only when what stands before it was
 * read. Ends what it began when the reader stops.
 */
export class ListedAhead {
  readonly #source: AsyncIterator<PlannedFile[]>;
  readonly #pages: PlannedFile[][] = [];
  readonly #listed: (page: readonly PlannedFile[]) => void;
  readonly #made: Promise<void>;
  #entries = 0;
  #asked = false;
  #ended = false;

  constructor(pages: AsyncIterable<PlannedFile[]>, listed: (page: readonly PlannedFile[]) => void = () => {}) {
    this.#listed = listed;
    this.#source = pages[Symbol.asyncIterator]();
    this.#made = this.#make();
    this.#made.catch(() => {});
  }

  get asked(): boolean {
    return this.#asked;
  }

  /** Lets go of what was begun, when nobody reads. */
  async close(): Promise<void> {
    this.#asked = true;
    await this.#made.catch(() => {});
    await this.#source.return?.();
  }

  async *pages(): AsyncGenerator<PlannedFile[]> {
    this.#asked = true;
    try {
      await this.#made;
      while (this.#pages.length > 0) yield this.#pages.shift()!;
      while (!this.#ended) {
        const page = await this.#next();
        if (page) yield page;
      }
    } finally {
      await this.#source.return?.();
    }
  }

  async #make(): Promise<void> {
    while (!this.#ended && !this.#asked && this.#entries < ENTRIES_MAX && this.#pages.at(-1) !== BARRIER) {
      const page = await this.#next();
      if (!page) return;
      this.#pages.push(page);
      this.#entries += page.length;
      this.#listed(page);
    }
  }

  async #next(): Promise<PlannedFile[] | undefined> {
    const { done, value } = await this.#source.next();
    this.#ended = done === true;
    return done ? undefined : value;
  }
}
