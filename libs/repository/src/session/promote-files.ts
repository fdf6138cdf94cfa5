import { DrError } from '@dr/storage';
import { decodeEntry } from '../format/tree-entry.ts';
import type { LeafEntry } from '../format/tree-page.ts';
import type { PieceReader } from '../index/piece-reader.ts';
import { LeafFinder } from '../tree/leaf-finder.ts';
import { readEntry } from '../tree/repository-folder.ts';
import { entryOf, rootId, walkPages } from '../tree/walk-tree.ts';
import type { CaptureFile, CaptureFinding, PieceId, PromoteRequest, TreeEntry } from '../types.ts';
import { type PieceCounts, provesSame } from './unchanged-files.ts';

/** A file whose place in the new tree is known without the source: its entry, or why it has none. */
export interface PreparedFile extends CaptureFile {
  readonly entry?: Uint8Array;
  readonly finding?: CaptureFinding;
}

export interface PromoteParts {
  readonly reader: PieceReader;
  /** Whether a piece has a copy that counts for the session: of a full, one that was read in it. */
  readonly counts: PieceCounts;
  /** Other trees of the data set, which may hold what this one only pins. */
  readonly holders: readonly PieceId[];
}

/** More than that is not put together in memory; only what lies as deltas alone is, and those are of chunks. */
const CONTENT_BYTES_MAX = 256 * 1024 * 1024;

/** Every entry of a tree that pins, as it gets into one that holds everything: from what counts, from copies that do not count by themselves, else from the source. */
export class PromotedFiles {
  readonly #parts: PromoteParts;
  readonly #request: PromoteRequest;
  #finders: readonly LeafFinder[] = [];

  constructor(parts: PromoteParts, request: PromoteRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  async *groups(): AsyncGenerator<PreparedFile[]> {
    const { reader, holders } = this.#parts;
    const read = (id: Uint8Array) => reader.read(id);
    this.#finders = await Promise.all(holders.map((root) => LeafFinder.open(read, rootId(root))));
    for await (const page of walkPages(read, rootId(this.#request.from))) yield* this.#preparedPage(page);
  }

  /** One after the other: each may read a pack, or hold a file's content. */
  async *#preparedPage(page: readonly LeafEntry[]): AsyncGenerator<PreparedFile[]> {
    let group: PreparedFile[] = [];
    for (const leaf of page) {
      const file = await this.#prepared(leaf);
      group.push(file);
      if (!file.content) continue;
      yield group;
      group = [];
    }
    if (group.length > 0) yield group;
  }

  async #prepared(leaf: LeafEntry): Promise<PreparedFile> {
    const entry = entryOf(leaf);
    const file = { ...entry, content: undefined, inline: undefined };
    if (entry.kind !== 'file') return file;
    for (const { body, held } of await this.#forms(leaf, entry)) {
      if (await this.#allCount(held)) return { ...file, entry: body };
    }
    for (const { held } of await this.#forms(leaf, entry)) {
      const content = await this.#contentOf(held);
      if (content) return { ...file, content, chunker: held.chunker };
    }
    return this.#fromSource(file, entry);
  }

  /** The entry itself, unless it only pins, and those of the same file in other trees. */
  async #forms(leaf: LeafEntry, entry: TreeEntry): Promise<{ body: Uint8Array; held: TreeEntry }[]> {
    const forms = entry.pinned ? [] : [{ body: leaf.body, held: entry }];
    for (const finder of this.#finders) {
      const found = await finder.find(leaf.path);
      if (found && provesSame(found.body, entry)) forms.push({ body: found.body, held: decodeEntry(entry.path, found.body) });
    }
    return forms;
  }

  async #allCount({ pieces }: TreeEntry): Promise<boolean> {
    for (const { id } of pieces) if (!(await this.#parts.counts(Buffer.from(id, 'hex')))) return false;
    return true;
  }

  /** Bytes that the repository has and a full does not count, such as those of deltas; undefined when a copy is damaged or gone. */
  async #contentOf(entry: TreeEntry): Promise<Uint8Array | undefined> {
    if (entry.size > CONTENT_BYTES_MAX) return undefined;
    try {
      return await readEntry(this.#parts.reader, entry);
    } catch (error) {
      if (error instanceof DrError) return undefined;
      throw error;
    }
  }

  #fromSource(file: CaptureFile, { path, size, pinned, racy }: TreeEntry): PreparedFile {
    if (this.#request.root !== undefined && !racy) return { ...file, exact: true, chunker: this.#request.chunkerOf?.(path, size) };
    const what = pinned ? 'the snapshot only pins it and no other backup holds it' : 'no whole copy of it is left in the repository';
    return { ...file, finding: { path, kind: 'missing', message: `${what}, and ${this.#request.why ?? 'its source is not at hand'}` } };
  }
}
