/** What was planned last under a path. `late`: it appeared after the first listing began. */
export interface Known {
  readonly identity: string;
  /** So young when it was listed that its identity proves nothing. */
  readonly racy: boolean;
  readonly late: boolean;
}

export interface ListedPath extends Known {
  readonly path: string;
}

const BLOCK_BYTES = 256 * 1024;
/** Room for the numbers and flags of an entry. */
const HEAD_BYTES = 8;
/** Longer ones are not captured; that they are told of is for the engine. */
const PATH_BYTES_MAX = 8192;
const RACY = 1;
const LATE = 2;

/**
 * What one round of a capture saw, in the order of its listing: about 60 bytes a path, where an object and a key in a map take 400. Entries are u16 bytes
 * shared with the path before, u16 more bytes, u16 bytes of the identity, u8 flags, then the bytes.
 */
export class RoundListing {
  readonly blocks: (Buffer | undefined)[] = [];
  /** What came out of byte order: names that are not UTF-8 are listed by their bytes and told by a rendering. */
  readonly outOfOrder = new Map<string, Known>();
  #block = Buffer.alloc(0);
  #used = 0;
  #last = new PathBytes();
  #next = new PathBytes();
  #size = 0;

  get size(): number {
    return this.#size + this.outOfOrder.size;
  }

  /** @returns whether the path is behind all before it. */
  add(path: string, known: Known): boolean {
    this.#next.set(path);
    if (this.#next.length > PATH_BYTES_MAX || (this.#size > 0 && this.#next.compare(this.#last) <= 0)) {
      this.outOfOrder.set(path, known);
      return false;
    }
    this.#size++;
    this.#write(known);
    [this.#last, this.#next] = [this.#next, this.#last];
    return true;
  }

  /** All entries that are in order. */
  *entries(): Generator<ListedPath> {
    const cursor = new Cursor(this);
    for (let known = cursor.next(); known; known = cursor.next()) yield { path: cursor.path.text(), ...known };
    for (const [path, known] of this.outOfOrder) yield { path, ...known };
  }

  #write({ identity, racy, late }: Known): void {
    const [path, last] = [this.#next, this.#last];
    const shared = this.#size === 1 || this.#used === 0 ? 0 : path.sharedWith(last);
    const most = HEAD_BYTES + path.length + 3 * identity.length;
    if (this.#used + most > this.#block.length) {
      this.#newBlock(most, { identity, racy, late });
      return;
    }
    const block = this.#block;
    let at = this.#used;
    block.writeUInt16LE(shared, at);
    block.writeUInt16LE(path.length - shared, at + 2);
    const identityAt = at + 7 + path.bytes.copy(block, at + 7, shared, path.length);
    const identityBytes = block.write(identity, identityAt);
    block.writeUInt16LE(identityBytes, at + 4);
    block[at + 6] = (racy ? RACY : 0) | (late ? LATE : 0);
    at = identityAt + identityBytes;
    this.#used = at;
  }

  /** The first path of a block is written whole. */
  #newBlock(bytes: number, known: Known): void {
    if (this.blocks.length > 0) this.blocks[this.blocks.length - 1] = this.#block.subarray(0, this.#used);
    this.#block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    this.#used = 0;
    this.blocks.push(this.#block);
    this.#write(known);
  }

  /** Bytes written into a block. */
  lengthOf(block: number): number {
    return block === this.blocks.length - 1 ? this.#used : this.blocks[block]!.length;
  }
}

/** Goes once over a listing beside the next one, and lets go of what lies behind. */
export class EarlierListing {
  readonly #listing: RoundListing;
  readonly #cursor: Cursor;
  readonly #wanted = new PathBytes();
  readonly #onVanished: (path: string) => void;
  #current: Known | undefined;

  /** @param onVanished told of every path that was passed by. */
  constructor(listing: RoundListing, onVanished: (path: string) => void) {
    this.#listing = listing;
    this.#onVanished = onVanished;
    this.#cursor = new Cursor(listing, true);
    this.#current = this.#cursor.next();
  }

  /** What stood under a path. Paths ascend, but for those that are out of order. */
  take(path: string): Known | undefined {
    const odd = this.#listing.outOfOrder.get(path);
    if (odd) {
      this.#listing.outOfOrder.delete(path);
      return odd;
    }
    this.#wanted.set(path);
    for (;;) {
      const current = this.#current;
      const order = current ? this.#cursor.path.compare(this.#wanted) : 1;
      if (order > 0) return undefined;
      if (order < 0) this.#onVanished(this.#cursor.path.text());
      this.#current = this.#cursor.next();
      if (order === 0) return current;
    }
  }

  /** The listing has ended. */
  end(): void {
    for (; this.#current; this.#current = this.#cursor.next()) this.#onVanished(this.#cursor.path.text());
    for (const path of this.#listing.outOfOrder.keys()) this.#onVanished(path);
  }
}

class Cursor {
  readonly path = new PathBytes();
  readonly #listing: RoundListing;
  readonly #frees: boolean;
  #block = 0;
  #at = 0;

  constructor(listing: RoundListing, frees = false) {
    this.#listing = listing;
    this.#frees = frees;
  }

  next(): Known | undefined {
    const { blocks } = this.#listing;
    while (this.#block < blocks.length && this.#at >= this.#listing.lengthOf(this.#block)) {
      if (this.#frees && this.#block < blocks.length - 1) blocks[this.#block] = undefined;
      this.#block++;
      this.#at = 0;
    }
    const block = blocks[this.#block];
    return block && this.#read(block);
  }

  #read(block: Buffer): Known {
    const at = this.#at;
    const [shared, more, identityBytes, flags] = [
      block.readUInt16LE(at),
      block.readUInt16LE(at + 2),
      block.readUInt16LE(at + 4),
      block[at + 6]!,
    ];
    const identityAt = at + 7 + more;
    this.path.replaceFrom(shared, block, at + 7, identityAt);
    this.#at = identityAt + identityBytes;
    return { identity: block.toString('utf8', identityAt, this.#at), racy: (flags & RACY) !== 0, late: (flags & LATE) !== 0 };
  }
}

/** A path as bytes, in a buffer that is used again. */
class PathBytes {
  bytes = Buffer.allocUnsafe(1024);
  length = 0;

  set(path: string): void {
    this.#room(3 * path.length);
    this.length = this.bytes.write(path);
  }

  replaceFrom(shared: number, source: Buffer, start: number, end: number): void {
    this.#room(shared + end - start);
    this.length = shared + source.copy(this.bytes, shared, start, end);
  }

  compare(other: PathBytes): number {
    return this.bytes.compare(other.bytes, 0, other.length, 0, this.length);
  }

  sharedWith({ bytes, length }: PathBytes): number {
    const most = Math.min(this.length, length);
    let shared = 0;
    while (shared < most && this.bytes[shared] === bytes[shared]) shared++;
    return shared;
  }

  text(): string {
    return this.bytes.toString('utf8', 0, this.length);
  }

  #room(bytes: number): void {
    if (bytes <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * bytes);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
