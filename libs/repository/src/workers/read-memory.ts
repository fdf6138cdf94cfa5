import type { ByteRange, ObjectKey, ObjectStore } from '@dr/storage';

/** Sizes are multiples of it, so that each serves nearly every read. What is not touched takes no memory. */
const GRAIN_BYTES = 8 * 1024 * 1024;

/**
 * Memory that packs are read into: lent to a read, handed to a thread with what was read, and given back for the next one. There is as much as was out at
 * one time, until `trim`: who reads bounds it by how much is read at once.
 */
export class ReadMemory {
  readonly #lent = new WeakSet<ArrayBufferLike>();
  readonly #kept: ArrayBuffer[] = [];

  /** Bytes of an object, in memory that may be given back. @throws what the store throws. */
  async read(store: ObjectStore, key: ObjectKey, range: ByteRange): Promise<Uint8Array> {
    const memory = this.#take(range.end - range.start);
    let used = false;
    try {
      const bytes = await store.read(key, range, undefined, memory);
      used = bytes.buffer === memory;
      if (used) this.#lent.add(memory);
      return bytes;
    } finally {
      if (!used) this.give(memory);
    }
  }

  /** Whether the memory that these bytes lie in is theirs alone. */
  isLent(bytes: Uint8Array): boolean {
    return this.#lent.has(bytes.buffer);
  }

  give(memory: ArrayBuffer): void {
    this.#kept.push(memory);
  }

  /** Whoever read much has ended. */
  trim(): void {
    for (const memory of this.#kept.splice(0)) memory.transfer(0);
  }

  /** One that fits; else a new one in place of one that does not. */
  #take(length: number): ArrayBuffer {
    const fits = this.#kept.findIndex(({ byteLength }) => byteLength >= length);
    if (fits >= 0) return this.#kept.splice(fits, 1)[0]!;
    this.#kept.pop()?.transfer(0);
    return Buffer.allocUnsafeSlow(Math.ceil(length / GRAIN_BYTES) * GRAIN_BYTES).buffer as ArrayBuffer;
  }
}
