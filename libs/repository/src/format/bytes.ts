import { Malformed } from '../errors.ts';

/** Largest value a varint of this format holds: what a double holds exactly. */
const VARINT_MAX = Number.MAX_SAFE_INTEGER;

/** Appends little-endian numbers, varints and bytes to a growing buffer. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    this.#room(1);
    this.#buffer[this.#length++] = value;
    return this;
  }

  u16(value: number): this {
    this.#room(2);
    this.#length = this.#buffer.writeUInt16LE(value, this.#length);
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
    return this;
  }

  i64(value: bigint): this {
    this.#room(8);
    this.#length = this.#buffer.writeBigInt64LE(BigInt.asIntN(64, value), this.#length);
    return this;
  }

  /** 7 bits a byte, low bits first, high bit = more follow. Whole numbers from 0 to 2^53 - 1. */
  varint(value: number): this {
    if (!(value >= 0 && value <= VARINT_MAX)) throw new Malformed(`${value} cannot be written as a varint`);
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#length++] = rest;
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  /** A varint length, then the bytes. */
  sized(value: Uint8Array): this {
    return this.varint(value.length).bytes(value);
  }

  /** What was written so far; shares memory with the writer. */
  view(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps the memory. */
  reset(): this {
    this.#length = 0;
    return this;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Reads what ByteWriter wrote; every step is checked against the end. Byte results share memory with the input. */
export class ByteReader {
  readonly #buffer: Buffer;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#buffer.length - this.#position;
  }

  u8(): number {
    return this.#buffer[this.#take(1)]!;
  }

  u16(): number {
    return this.#buffer.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  i64(): bigint {
    return this.#buffer.readBigInt64LE(this.#take(8));
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      if (scale > VARINT_MAX / 0x80) throw new Malformed('a number is longer than the format allows');
    }
    if (value > VARINT_MAX) throw new Malformed('a number is larger than the format allows');
    return value;
  }

  bytes(length: number): Buffer {
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  sized(): Buffer {
    return this.bytes(this.varint());
  }

  /** @throws Malformed when bytes are left: nothing may be appended to what is sealed or signed. */
  end(what: string): void {
    if (this.remaining > 0) throw new Malformed(`${what} has ${this.remaining} bytes too many`);
  }

  #take(length: number): number {
    if (length > this.remaining) throw new Malformed(`${length} bytes were expected where only ${this.remaining} are left`);
    const start = this.#position;
    this.#position += length;
    return start;
  }
}
