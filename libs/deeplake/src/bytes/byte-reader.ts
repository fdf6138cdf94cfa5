import { Malformed } from '../errors.ts';

/** A cursor over little-endian bytes that never reads outside them. Every method throws Malformed instead. */
export class ByteReader {
  position = 0;
  readonly bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A u64 that must fit in a double: counts, sizes, offsets. */
  count64(): number {
    const value = this.u64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Malformed(`count ${value} is impossible`);
    return Number(value);
  }

  slice(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The u8 length and ASCII version string that begin most v3 files, such as "3.9.52". */
  version(): string {
    const text = Buffer.from(this.slice(this.u8())).toString('latin1');
    if (!/^[0-9A-Za-z.+_-]{1,64}$/.test(text)) throw new Malformed('it does not begin with a version string');
    return text;
  }

  #take(length: number): number {
    const start = this.position;
    if (!(length >= 0) || length > this.remaining)
      throw new Malformed(`${length} bytes needed at offset ${start}, ${this.remaining} are there`);
    this.position = start + length;
    return start;
  }
}
