import { pageMemory } from '@dr/storage';
import type { PackKind } from '../format/object-names.ts';

/** The fixed pool of pack buffers, lent to threads in the order they asked. Buffers are made when first needed and never more than `counts`. */
export class PackBuffers<Thread> {
  readonly bytes: Readonly<Record<PackKind, number>>;
  readonly #counts: Readonly<Record<PackKind, number>>;
  readonly #lend: (thread: Thread, kind: PackKind, buffer: ArrayBuffer) => void;
  readonly #made: Record<PackKind, number> = { data: 0, meta: 0 };
  readonly #free: Record<PackKind, ArrayBuffer[]> = { data: [], meta: [] };
  readonly #waiting: Record<PackKind, Thread[]> = { data: [], meta: [] };

  constructor(
    size: { bytes: Readonly<Record<PackKind, number>>; counts: Readonly<Record<PackKind, number>> },
    lend: (thread: Thread, kind: PackKind, buffer: ArrayBuffer) => void,
  ) {
    this.bytes = size.bytes;
    this.#counts = size.counts;
    this.#lend = lend;
  }

  /** Lends a buffer now (true) or when one comes back (false). */
  request(thread: Thread, kind: PackKind): boolean {
    const buffer = this.#free[kind].pop() ?? this.#make(kind);
    if (buffer) this.#lend(thread, kind, buffer);
    else this.#waiting[kind].push(thread);
    return buffer !== undefined;
  }

  give(kind: PackKind, buffer: ArrayBuffer): void {
    const next = this.#waiting[kind].shift();
    if (next) this.#lend(next, kind, buffer);
    else this.#free[kind].push(buffer);
  }

  /** Gives the memory of free buffers back; they are made again when needed. */
  trim(): void {
    for (const kind of ['data', 'meta'] as const) {
      for (const buffer of this.#free[kind].splice(0)) {
        buffer.transfer(0);
        this.#made[kind]--;
      }
    }
  }

  #make(kind: PackKind): ArrayBuffer | undefined {
    if (this.#made[kind] >= this.#counts[kind]) return undefined;
    this.#made[kind]++;
    return pageMemory(this.bytes[kind]);
  }
}
