/** States of packs of the index, one Int32 each, shared by all threads of a session. */
const UNKNOWN = 0;
const CHECKING = 1;
const GOOD = 2;
const BAD = 3;

export const newTrust = (packs: number): SharedArrayBuffer => new SharedArrayBuffer(4 * Math.max(1, packs));

/**
 * Whether packs that were there before the session may be counted on. A `full` reads each of them once, when its first piece is met (REPOSITORY.md
 * section 2, full); the thread that meets it decides, the others wait.
 */
export class PackTrust {
  readonly #states: Int32Array;

  constructor(states: SharedArrayBuffer) {
    this.#states = new Int32Array(states);
  }

  /** @param check reads the pack and says whether it is whole; called by one thread only. Packs that came after the session began are always read. */
  trust(pack: number, check: () => Promise<boolean>): boolean | Promise<boolean> {
    if (pack >= this.#states.length) return check();
    const state = Atomics.compareExchange(this.#states, pack, UNKNOWN, CHECKING);
    if (state === UNKNOWN) return check().then((good) => this.decide(pack, good));
    return state === CHECKING ? this.#wait(pack) : state === GOOD;
  }

  /** Settles a pack without asking. */
  decide(pack: number, good: boolean): boolean {
    Atomics.store(this.#states, pack, good ? GOOD : BAD);
    Atomics.notify(this.#states, pack);
    return good;
  }

  /** Packs that were met and found good. */
  *good(): Generator<number> {
    for (let pack = 0; pack < this.#states.length; pack++) if (Atomics.load(this.#states, pack) === GOOD) yield pack;
  }

  async #wait(pack: number): Promise<boolean> {
    while (Atomics.load(this.#states, pack) === CHECKING) await Atomics.waitAsync(this.#states, pack, CHECKING, 1000).value;
    return Atomics.load(this.#states, pack) === GOOD;
  }
}
