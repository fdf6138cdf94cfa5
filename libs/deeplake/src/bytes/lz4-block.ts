import { Malformed } from '../errors.ts';

/** One length byte of an LZ4 block stands for at most 255 bytes of output, so a larger claim is a lie and is refused before memory is taken. */
const EXPANSION_MAX = 255;

/** Output and input of one decoding, with both cursors. */
interface Decoding {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  in: number;
  out: number;
}

/**
 * Decodes one LZ4 block (no frame) into exactly `size` bytes.
 * Never reads or writes outside the two buffers. @throws Malformed for anything but a whole block of that size.
 * Format: lz4_Block_format.md of the LZ4 project.
 */
export function decodeLz4Block(source: Uint8Array, size: number): Uint8Array {
  if (size > source.length * EXPANSION_MAX) throw new Malformed(`LZ4: ${source.length} bytes cannot hold ${size}`);
  const target = new Uint8Array(size);
  const end = decodeLz4Into(source, target, 0);
  if (end !== size) throw new Malformed(`LZ4: ${end} bytes decoded, ${size} expected`);
  return target;
}

/** Decodes a block to `target` from `start` on (matches may reach back before `start`). @returns the position after the last byte. @throws Malformed. */
export function decodeLz4Into(source: Uint8Array, target: Uint8Array, start: number): number {
  const d: Decoding = { source, target, in: 0, out: start };
  for (;;) {
    const token = nextByte(d);
    copyLiterals(d, runLength(d, token >>> 4));
    if (d.in === source.length) return d.out;
    copyMatch(d, token & 15);
  }
}

function nextByte(d: Decoding): number {
  const byte = d.source[d.in++];
  if (byte === undefined) throw new Malformed('LZ4: block is cut');
  return byte;
}

/** A length of 15 goes on in the next bytes, until one is not 255. */
function runLength(d: Decoding, nibble: number): number {
  if (nibble < 15) return nibble;
  let length = nibble;
  for (;;) {
    const byte = nextByte(d);
    length += byte;
    if (byte !== 255) return length;
  }
}

function copyLiterals(d: Decoding, length: number): void {
  if (length > d.source.length - d.in) throw new Malformed('LZ4: literals run over the end');
  if (length > d.target.length - d.out) throw new Malformed('LZ4: more bytes than stated');
  d.target.set(d.source.subarray(d.in, d.in + length), d.out);
  d.in += length;
  d.out += length;
}

function copyMatch(d: Decoding, nibble: number): void {
  const offset = nextByte(d) | (nextByte(d) << 8);
  const length = runLength(d, nibble) + 4;
  if (offset === 0 || offset > d.out) throw new Malformed('LZ4: match before the beginning');
  if (length > d.target.length - d.out) throw new Malformed('LZ4: more bytes than stated');
  if (offset >= length) d.target.copyWithin(d.out, d.out - offset, d.out - offset + length);
  else for (let i = 0; i < length; i++) d.target[d.out + i] = d.target[d.out + i - offset]!;
  d.out += length;
}

/** u32 LE size, then one block: how Deep Lake stores log files and lz4 chunk data. No bytes at all mean no data. @throws Malformed. */
export function decodeSizedLz4(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (bytes.length < 4) throw new Malformed('LZ4: size prefix is cut');
  const size = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  return decodeLz4Block(bytes.subarray(4), size);
}
