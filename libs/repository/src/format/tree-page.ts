import { Malformed } from '../errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** Most entries in a page. */
export const PAGE_ENTRIES_MAX = 1024;
/** A page that reaches it ends, so that no page comes near the longest piece. */
export const PAGE_BYTES_END = 1024 * 1024;
const PAGE_VERSION = 1;

/** A leaf entry: a path and its encoded TreeEntry body. */
export interface LeafEntry {
  readonly path: Buffer;
  readonly body: Uint8Array;
}

/** A child page: the last path below it, its id, and how many leaf entries it holds. */
export interface ChildEntry {
  readonly path: Buffer;
  readonly id: Uint8Array;
  readonly entries: number;
}

export type TreePage = { readonly level: 0; readonly entries: LeafEntry[] } | { readonly level: number; readonly children: ChildEntry[] };

/** Collects one page: u8 version, u8 level, varint count, then per entry the path (shared with the last, rest) and what belongs to it. */
export class PageWriter {
  readonly level: number;
  readonly #body = new ByteWriter(16 * 1024);
  #last: Buffer = Buffer.alloc(0);
  #count = 0;

  constructor(level: number) {
    this.level = level;
  }

  get count(): number {
    return this.#count;
  }

  get lastPath(): Buffer {
    return this.#last;
  }

  get full(): boolean {
    return this.#count >= PAGE_ENTRIES_MAX || this.#body.length >= PAGE_BYTES_END;
  }

  addLeaf(entry: LeafEntry): void {
    this.#path(entry.path);
    this.#body.sized(entry.body);
  }

  addChild(entry: ChildEntry): void {
    this.#path(entry.path);
    this.#body.bytes(entry.id).varint(entry.entries);
  }

  /** The page's bytes, a copy; the writer is empty again. */
  take(): Buffer {
    const head = new ByteWriter(16).u8(PAGE_VERSION).u8(this.level).varint(this.#count).view();
    const page = Buffer.concat([head, this.#body.view()]);
    this.#body.reset();
    this.#count = 0;
    this.#last = Buffer.alloc(0);
    return page;
  }

  #path(path: Buffer): void {
    const shared = sharedPrefix(this.#last, path);
    this.#body.varint(shared).sized(path.subarray(shared));
    this.#last = path;
    this.#count++;
  }
}

/** @throws Malformed. */
export function decodePage(bytes: Uint8Array): TreePage {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== PAGE_VERSION) throw new Malformed('a tree page was written by a later version');
  const level = reader.u8();
  const count = reader.varint();
  if (count > PAGE_ENTRIES_MAX) throw new Malformed(`a tree page lists ${count} entries, more than a page holds`);
  let last: Buffer = Buffer.alloc(0);
  const nextPath = (): Buffer => {
    const path = Buffer.concat([last.subarray(0, reader.varint()), reader.sized()]);
    if (last.length > 0 && Buffer.compare(last, path) >= 0) throw new Malformed('the paths of a tree page are not in order');
    last = path;
    return path;
  };
  const page: TreePage =
    level === 0
      ? { level: 0, entries: Array.from({ length: count }, () => ({ path: nextPath(), body: reader.sized() })) }
      : { level, children: Array.from({ length: count }, () => ({ path: nextPath(), id: reader.bytes(32), entries: reader.varint() })) };
  reader.end('a tree page');
  return page;
}

function sharedPrefix(a: Buffer, b: Buffer): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && a[shared] === b[shared]) shared++;
  return shared;
}
