/**
 * The ids that need not be stored again, shared by all threads of a session. Tables are SharedArrayBuffers with open addressing; a slot is claimed by one
 * compare-and-exchange. When a table fills, a larger one is added and the old ones stay readable; a thread that does not know the newest yet may store a
 * piece twice, which costs space and nothing else.
 *
 * A table: one header word (entries), then per slot five words: state, then the first 16 bytes of the id. States: 0 empty, -1 being written,
 * OWN stored by this session, n > 0 stored in pack n - 1 of the index.
 */
export type KnownTable = SharedArrayBuffer;

const SLOT_WORDS = 5;
const EMPTY = 0;
const WRITING = -1;
const OWN = 0x7fffffff;
/** A table takes no more entries beyond it; the piece then counts as new. */
const LOAD_MAX = 0.85;
/** From here on the owner adds a table. */
const LOAD_GROW = 0.6;

/** 'mine': the caller has to store the piece. 'own': this session stores it. A number: the pack of the index that has it. */
export type Claim = 'mine' | 'own' | number;

export function newTable(entries: number): KnownTable {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(1024, entries / LOAD_GROW) + 1));
  return new SharedArrayBuffer(4 * (1 + slots * SLOT_WORDS));
}

/** One thread's view of the tables. */
export class KnownPieces {
  readonly #tables: Int32Array[] = [];

  constructor(tables: readonly KnownTable[]) {
    for (const table of tables) this.addTable(table);
  }

  addTable(table: KnownTable): void {
    this.#tables.push(new Int32Array(table));
  }

  /** Whether the newest table should be followed by a larger one; then how many entries that one should hold. */
  growTo(): number | undefined {
    const table = this.#tables.at(-1)!;
    const slots = (table.length - 1) / SLOT_WORDS;
    return Atomics.load(table, 0) > slots * LOAD_GROW ? Math.ceil(slots * LOAD_GROW * 2) : undefined;
  }

  /** Enters a piece of the index. For the owner, before threads share the table. */
  enter(prefix: Uint32Array, pack: number | 'own'): void {
    this.#claim(this.#tables.at(-1)!, words(prefix), pack === 'own' ? OWN : pack + 1);
  }

  /** Finds who has a piece, or claims it for the caller. @param id at least 16 bytes. */
  claim(id: Uint8Array): Claim {
    const key = words(new Uint32Array(id.buffer.slice(id.byteOffset, id.byteOffset + 16)));
    for (let i = this.#tables.length - 2; i >= 0; i--) {
      const state = this.#find(this.#tables[i]!, key);
      if (state !== EMPTY) return claimOf(state);
    }
    return this.#claim(this.#tables.at(-1)!, key, OWN);
  }

  /** Who has a piece, without a claim; undefined: nobody yet. @param id at least 16 bytes. */
  find(id: Uint8Array): Exclude<Claim, 'mine'> | undefined {
    const key = words(new Uint32Array(id.buffer.slice(id.byteOffset, id.byteOffset + 16)));
    for (const table of this.#tables) {
      const state = this.#find(table, key);
      if (state !== EMPTY) return claimOf(state) as Exclude<Claim, 'mine'>;
    }
    return undefined;
  }

  /** Takes a piece over from a pack that is not to be used. true: the caller has to store it; false: another thread does. */
  takeOver(id: Uint8Array, pack: number): boolean {
    const key = words(new Uint32Array(id.buffer.slice(id.byteOffset, id.byteOffset + 16)));
    return this.#tables.some((table) => {
      const slot = this.#slotOf(table, key);
      return slot !== undefined && Atomics.compareExchange(table, slot, pack + 1, OWN) === pack + 1;
    });
  }

  #claim(table: Int32Array, key: Int32Array, state: number): Claim {
    const slots = (table.length - 1) / SLOT_WORDS;
    for (let i = key[0]! & (slots - 1), probes = 0; probes < slots; i = (i + 1) & (slots - 1), probes++) {
      const slot = 1 + i * SLOT_WORDS;
      if (Atomics.load(table, slot) === EMPTY) {
        if (Atomics.load(table, 0) > slots * LOAD_MAX) return 'mine';
        if (Atomics.compareExchange(table, slot, EMPTY, WRITING) === EMPTY) return this.#write(table, slot, key, state);
      }
      const found = settled(table, slot);
      if (matches(table, slot, key)) return claimOf(found);
    }
    return 'mine';
  }

  #write(table: Int32Array, slot: number, key: Int32Array, state: number): Claim {
    table.set(key, slot + 1);
    Atomics.store(table, slot, state);
    Atomics.add(table, 0, 1);
    return 'mine';
  }

  #find(table: Int32Array, key: Int32Array): number {
    const slot = this.#slotOf(table, key);
    return slot === undefined ? EMPTY : Atomics.load(table, slot);
  }

  #slotOf(table: Int32Array, key: Int32Array): number | undefined {
    const slots = (table.length - 1) / SLOT_WORDS;
    for (let i = key[0]! & (slots - 1), probes = 0; probes < slots; i = (i + 1) & (slots - 1), probes++) {
      const slot = 1 + i * SLOT_WORDS;
      if (settled(table, slot) === EMPTY) return undefined;
      if (matches(table, slot, key)) return slot;
    }
    return undefined;
  }
}

/** The state of a slot once no other thread is writing it (that takes four stores). */
function settled(table: Int32Array, slot: number): number {
  for (;;) {
    const state = Atomics.load(table, slot);
    if (state !== WRITING) return state;
  }
}

const matches = (table: Int32Array, slot: number, key: Int32Array): boolean =>
  table[slot + 1] === key[0] && table[slot + 2] === key[1] && table[slot + 3] === key[2] && table[slot + 4] === key[3];

const claimOf = (state: number): Claim => (state === OWN ? 'own' : state - 1);

const words = (prefix: Uint32Array): Int32Array => new Int32Array(prefix.buffer, prefix.byteOffset, 4);
