import { capturedIdentity, isPinned } from '../format/tree-entry.ts';
import type { LeafEntry } from '../format/tree-page.ts';
import type { CaptureFinding } from '../types.ts';
import type { TreeBuilder } from './build-tree.ts';
import type { EntryLog, LoggedEntry } from './entry-log.ts';
import type { KeptEntries } from './kept-entries.ts';

/** Files and the sum of their sizes, those of them that are only pinned, and what was found on the way. */
export interface TreeTotals {
  objects: number;
  bytes: number;
  readonly pinned: { objects: number; bytes: number };
  readonly findings: CaptureFinding[];
}

/** Whether a page has a copy that counts for the session. */
export type PageCounts = (id: Uint8Array) => boolean | Promise<boolean>;

/** Brings the entries of a capture and what it keeps of an earlier tree together, in path order; of a path, the higher turn counts. */
export class TreeAssembly {
  readonly totals: TreeTotals = { objects: 0, bytes: 0, pinned: { objects: 0, bytes: 0 }, findings: [] };
  readonly #builder: TreeBuilder;
  readonly #logged: Iterator<LoggedEntry>;
  readonly #counts: PageCounts;
  #next: LoggedEntry | undefined;

  constructor(builder: TreeBuilder, log: EntryLog, counts: PageCounts) {
    this.#builder = builder;
    this.#logged = log.sorted();
    this.#counts = counts;
  }

  /** @returns the root page's id. @throws what reading a page of the earlier tree throws. */
  async run(kept: KeptEntries | undefined): Promise<Uint8Array> {
    this.#step();
    for (let page = 0; kept && page < kept.finder.pages.length; page++) await this.#addPage(kept, page);
    await this.#addLogged();
    return this.#builder.finish();
  }

  #step(): LoggedEntry | undefined {
    const before = this.#next;
    this.#next = this.#logged.next().value as LoggedEntry | undefined;
    return before;
  }

  async #addPage(kept: KeptEntries, page: number): Promise<void> {
    const { last } = kept.finder.pages[page]!;
    if (!kept.any(page)) return this.#addLogged(last);
    const isWhole = kept.all(page) && (!this.#next || Buffer.compare(this.#next.path, last) > 0);
    if (isWhole && (await this.#takeOver(kept, page))) return;
    const entries = await kept.finder.entriesOf(page);
    for (const [i, entry] of entries.entries()) await this.#addKept(entry, kept.turnOf(page, i));
    await this.#addLogged(last);
  }

  async #takeOver(kept: KeptEntries, page: number): Promise<boolean> {
    const { last: path, id, entries } = kept.finder.pages[page]!;
    const isLast = page === kept.finder.pages.length - 1;
    if (!(await this.#counts(id)) || !(await this.#builder.addPage({ path, id, entries }, isLast))) return false;
    const { objects, bytes } = kept.totals(page);
    this.totals.objects += objects;
    this.totals.bytes += bytes;
    return true;
  }

  async #addKept(entry: LeafEntry, turn: number | undefined): Promise<void> {
    while (this.#next && Buffer.compare(this.#next.path, entry.path) < 0) await this.#addNext();
    if (this.#next?.path.equals(entry.path)) {
      if (turn === undefined || this.#next.turn > turn) return this.#addNext();
      this.#step();
    }
    if (turn === undefined) return;
    this.#count(capturedIdentity(entry.body)?.size);
    await this.#builder.add(entry);
  }

  /** Logged entries up to a path, or all. */
  async #addLogged(last?: Buffer): Promise<void> {
    while (this.#next && (!last || Buffer.compare(this.#next.path, last) <= 0)) await this.#addNext();
  }

  async #addNext(): Promise<void> {
    const { path, body, size, finding } = this.#step()!;
    if (finding) this.totals.findings.push(finding);
    if (!body) return;
    this.#count(size < 0 ? undefined : size);
    if (size >= 0 && isPinned(body)) {
      this.totals.pinned.objects++;
      this.totals.pinned.bytes += size;
    }
    await this.#builder.add({ path, body });
  }

  #count(size: number | undefined): void {
    if (size === undefined) return;
    this.totals.objects++;
    this.totals.bytes += size;
  }
}
