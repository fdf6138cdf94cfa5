import type { PackEntry } from '../format/pack-entries.ts';
import { INDEX_ENTRY_BYTES, type IndexedPack, PREFIX_BYTES, type Segment } from '../format/segment.ts';

/** Where one copy of a piece lies. */
export interface Location {
  /** Ordinal of the pack in this index. */
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  readonly record: number;
  /** The copy is a delta: the id (32 bytes) of the piece that has to be read too. */
  readonly base?: Uint8Array;
}

/** A way to a piece: a full copy, or a delta and a full copy of its base. */
export interface Copy {
  readonly location: Location;
  readonly base?: { readonly id: Uint8Array; readonly location: Location };
}

const ROW_WORDS = INDEX_ENTRY_BYTES / 4;
const FIRST_ROWS = 1024;
const ID_BYTES = 32;

/**
 * Every copy of every piece that the loaded segments know, in typed arrays: 36 bytes a copy and 8 to 16 a slot. Open addressing on the first 16 bytes of
 * the id; copies of one piece are chained. Up to about 4 million entries; larger repositories need the paged reader of a later version.
 */
export class PieceIndex {
  readonly packs: IndexedPack[];
  readonly #ordinals: Map<string, number>;
  #rows = new Uint32Array(FIRST_ROWS * ROW_WORDS);
  #next = new Int32Array(FIRST_ROWS);
  #slots = new Int32Array(FIRST_ROWS * 2);
  #count = 0;
  #used = 0;
  readonly #bases: RowBases;

  /** @param other starts as a copy of it: what is added to one is not seen in the other. */
  constructor(other?: PieceIndex) {
    this.packs = [...(other?.packs ?? [])];
    this.#ordinals = new Map(other ? other.#ordinals : []);
    this.#bases = other ? new RowBases(other.#bases) : new RowBases();
    if (!other) return;
    this.#rows = other.#rows.slice();
    this.#next = other.#next.slice();
    this.#slots = other.#slots.slice();
    this.#count = other.#count;
    this.#used = other.#used;
  }

  /** Copies known. */
  get size(): number {
    return this.#count;
  }

  ordinalOf(packName: string): number | undefined {
    return this.#ordinals.get(packName);
  }

  /** Adds what is new in a segment; packs that are known already bring nothing (their entries are the same). */
  addSegment(segment: Segment): void {
    const ordinals = segment.packs.map((pack) => (this.#ordinals.has(pack.name) ? -1 : this.#addPack(pack)));
    const words = new Uint32Array(
      segment.entries.buffer.slice(segment.entries.byteOffset, segment.entries.byteOffset + segment.entries.length),
    );
    this.#room(words.length / ROW_WORDS);
    for (let at = 0; at < words.length; at += ROW_WORDS) {
      const ordinal = ordinals[words[at + 4]!]!;
      if (ordinal >= 0) this.#addRow(words, at, ordinal, segment.bases.get(at / ROW_WORDS));
    }
  }

  /** Adds a pack from its footer. @returns its ordinal. */
  addPack(pack: IndexedPack, entries: readonly PackEntry[]): number {
    const known = this.#ordinals.get(pack.name);
    if (known !== undefined) return known;
    const ordinal = this.#addPack(pack);
    this.#room(entries.length);
    const words = new Uint32Array(ROW_WORDS);
    const bytes = Buffer.from(words.buffer);
    entries.forEach((entry, record) => {
      bytes.set(entry.id.subarray(0, PREFIX_BYTES));
      words.set([ordinal, entry.offset, entry.length, record | (entry.base ? 0x10000 : 0)], 4);
      this.#addRow(words, 0, ordinal, entry.base);
    });
    return ordinal;
  }

  /** All copies of a piece, newest first. @param id at least its first 16 bytes. */
  *locations(id: Uint8Array): Generator<Location> {
    const key = prefixWords(id);
    for (let row = this.#slots[this.#slotOf(key, 0)]! - 1; row >= 0; row = this.#next[row]! - 1) yield this.#location(row);
  }

  /** All ways to a piece through packs that `usable` accepts: full copies, then deltas, each kind newest first. */
  *copies(id: Uint8Array, usable: (pack: number) => boolean = () => true): Generator<Copy> {
    for (const location of this.fullCopies(id, usable)) yield { location };
    for (const location of this.locations(id)) {
      const base = location.base;
      if (base && usable(location.pack))
        for (const full of this.fullCopies(base, usable)) yield { location, base: { id: base, location: full } };
    }
  }

  /** Full copies in packs that `usable` accepts, newest first: what a delta may rest on. */
  *fullCopies(id: Uint8Array, usable: (pack: number) => boolean): Generator<Location> {
    for (const location of this.locations(id)) if (!location.base && usable(location.pack)) yield location;
  }

  /** The first of `copies`. */
  copyOf(id: Uint8Array, usable?: (pack: number) => boolean): Copy | undefined {
    for (const copy of this.copies(id, usable)) return copy;
    return undefined;
  }

  /** Visits (16-byte prefix, pack ordinal, id of a delta's base) of every copy. The prefix is valid during the call only. */
  forEach(visit: (prefix: Uint32Array, pack: number, base?: Uint8Array) => void): void {
    for (let row = 0; row < this.#count; row++) {
      const at = row * ROW_WORDS;
      visit(this.#rows.subarray(at, at + 4), this.#rows[at + 4]!, this.#baseOf(row));
    }
  }

  #addPack(pack: IndexedPack): number {
    this.#ordinals.set(pack.name, this.packs.length);
    return this.packs.push(pack) - 1;
  }

  #addRow(words: Uint32Array, at: number, ordinal: number, base?: Uint8Array): void {
    const row = this.#count++;
    if (base) this.#bases.add(row, base);
    this.#rows.set(words.subarray(at, at + ROW_WORDS), row * ROW_WORDS);
    this.#rows[row * ROW_WORDS + 4] = ordinal;
    const slot = this.#slotOf(words, at);
    if (this.#slots[slot] === 0) this.#used++;
    this.#next[row] = this.#slots[slot]!;
    this.#slots[slot] = row + 1;
  }

  /** The slot that holds the prefix at `words[at]`, or the empty one where it belongs. */
  #slotOf(words: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = words[at]! & mask; ; slot = (slot + 1) & mask) {
      const head = this.#slots[slot]!;
      if (head === 0 || this.#samePrefix((head - 1) * ROW_WORDS, words, at)) return slot;
    }
  }

  #samePrefix(row: number, words: Uint32Array, at: number): boolean {
    const rows = this.#rows;
    return rows[row] === words[at] && rows[row + 1] === words[at + 1] && rows[row + 2] === words[at + 2] && rows[row + 3] === words[at + 3];
  }

  #location(row: number): Location {
    const at = row * ROW_WORDS;
    const full = {
      pack: this.#rows[at + 4]!,
      offset: this.#rows[at + 5]!,
      length: this.#rows[at + 6]!,
      record: this.#rows[at + 7]! & 0xffff,
    };
    const base = this.#baseOf(row);
    return base ? { ...full, base } : full;
  }

  #baseOf(row: number): Uint8Array | undefined {
    return this.#rows[row * ROW_WORDS + 7]! >>> 16 === 0 ? undefined : this.#bases.of(row);
  }

  /** Makes room for `more` rows with slots at most half full. */
  #room(more: number): void {
    const needed = this.#count + more;
    if (needed > this.#next.length) {
      const rows = Math.max(needed, this.#next.length * 2);
      this.#rows = enlarged(new Uint32Array(rows * ROW_WORDS), this.#rows);
      this.#next = enlarged(new Int32Array(rows), this.#next);
    }
    if ((this.#used + more) * 2 > this.#slots.length) this.#rehash((this.#used + more) * 2);
  }

  #rehash(slotsAtLeast: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(slotsAtLeast)));
    for (const head of old) if (head !== 0) this.#slots[this.#slotOf(this.#rows, (head - 1) * ROW_WORDS)] = head;
  }
}

/** Ids of bases by row, for the few rows that are deltas: 36 bytes each. */
class RowBases {
  #rows = new Uint32Array(16);
  #ids = new Uint8Array(16 * ID_BYTES);
  #count = 0;

  constructor(other?: RowBases) {
    if (!other) return;
    this.#rows = other.#rows.slice();
    this.#ids = other.#ids.slice();
    this.#count = other.#count;
  }

  /** Rows come in ascending order. */
  add(row: number, base: Uint8Array): void {
    if (this.#count === this.#rows.length) {
      this.#rows = enlarged(new Uint32Array(2 * this.#count), this.#rows);
      this.#ids = enlarged(new Uint8Array(2 * this.#count * ID_BYTES), this.#ids);
    }
    this.#rows[this.#count] = row;
    this.#ids.set(base, this.#count * ID_BYTES);
    this.#count++;
  }

  of(row: number): Uint8Array | undefined {
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#rows[middle]! < row) low = middle + 1;
      else high = middle;
    }
    return low < this.#count && this.#rows[low] === row ? this.#ids.slice(low * ID_BYTES, (low + 1) * ID_BYTES) : undefined;
  }
}

function enlarged<T extends Uint32Array | Int32Array | Uint8Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

/** The first 16 bytes of an id as four words of this machine (little-endian everywhere Node 24 runs). */
export function prefixWords(id: Uint8Array): Uint32Array {
  return new Uint32Array(id.buffer.slice(id.byteOffset, id.byteOffset + PREFIX_BYTES));
}
