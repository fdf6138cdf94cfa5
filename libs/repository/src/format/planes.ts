import { Malformed } from '../errors.ts';
import { release } from './release.ts';

/**
 * Byte planes: the n-th bytes of all elements of `width` bytes lie together, so that the exponents of floats, or the high bytes of integers, become runs
 * that compress while the noise of the low bytes is left alone. Layout of the payload (docs/repository-format.md, Packs): u8 mask of the planes that are
 * compressed, u32 length of each of those, the planes that are not, those that are, and the bytes after the last whole element.
 */
export type PlaneWidth = 2 | 4 | 8;
export const PLANE_WIDTHS: readonly PlaneWidth[] = [2, 4, 8];

export type Compress = (bytes: Uint8Array) => Buffer;
export type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

/** The planes of a piece, one after the other, in memory of their own. */
export function splitPlanes(piece: Uint8Array, width: PlaneWidth): Uint8Array[] {
  const elements = Math.floor(piece.length / width);
  const all = Buffer.allocUnsafeSlow(elements * width);
  const planes = Array.from({ length: width }, (_, p) => all.subarray(p * elements, (p + 1) * elements));
  const source = aligned(piece);
  if (width === 2) split2(new Uint16Array(source.buffer, source.byteOffset, elements), planes);
  else {
    const words = new Uint32Array(source.buffer, source.byteOffset, (elements * width) / 4);
    for (let half = 0; half < width / 4; half++) split4(words, half, width / 4, planes);
  }
  return planes;
}

function split2(words: Uint16Array, planes: readonly Uint8Array[]): void {
  const [p0, p1] = [planes[0]!, planes[1]!];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    p0[i] = word;
    p1[i] = word >>> 8;
  }
}

/** Every `step`-th word from the `first` on, into the four planes that are its own. */
function split4(words: Uint32Array, first: number, step: number, planes: readonly Uint8Array[]): void {
  const [p0, p1, p2, p3] = fourOf(planes, first);
  for (let i = 0, at = first; at < words.length; i++, at += step) {
    const word = words[at]!;
    p0[i] = word;
    p1[i] = word >>> 8;
    p2[i] = word >>> 16;
    p3[i] = word >>> 24;
  }
}

const fourOf = (planes: readonly Uint8Array[], first: number) =>
  [planes[4 * first]!, planes[4 * first + 1]!, planes[4 * first + 2]!, planes[4 * first + 3]!] as const;

/** @param mask bit p: try to compress plane p; what does not shrink stays as it is. */
export function encodePlanes(piece: Uint8Array, width: PlaneWidth, mask: number, compress: Compress): Buffer {
  const planes = splitPlanes(piece, width);
  const compressed = planes.map((plane, p) => ((mask >>> p) & 1 ? smaller(compress(plane), plane.length) : undefined));
  const sizes = compressed.filter((bytes) => bytes !== undefined).map((bytes) => bytes.length);
  const head = Buffer.alloc(1 + 4 * sizes.length);
  head[0] = compressed.reduce((bits, bytes, p) => (bytes ? bits | (1 << p) : bits), 0);
  for (const [i, size] of sizes.entries()) head.writeUInt32LE(size, 1 + 4 * i);
  const raw = planes.filter((_, p) => !compressed[p]);
  const payload = joined([head, ...raw, ...compressed.filter((bytes) => bytes !== undefined), tailOf(piece, width)]);
  for (const bytes of compressed) if (bytes) release(bytes);
  if (planes.length > 0) release(planes[0]!);
  return payload;
}

function smaller(bytes: Buffer, than: number): Buffer | undefined {
  if (bytes.length < than) return bytes;
  release(bytes);
  return undefined;
}

const tailOf = (piece: Uint8Array, width: number): Uint8Array => piece.subarray(piece.length - (piece.length % width));

function joined(parts: readonly Uint8Array[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The piece of `length` bytes behind a payload. @throws Malformed. */
export function decodePlanes(payload: Uint8Array, length: number, width: PlaneWidth, decompress: Decompress): Buffer {
  const elements = Math.floor(length / width);
  const planes = readPlanes(payload, { width, elements, tail: length % width }, decompress);
  const piece = Buffer.allocUnsafeSlow(length);
  if (width === 2) join2(new Uint16Array(piece.buffer, 0, elements), planes.bytes);
  else {
    const words = new Uint32Array(piece.buffer, 0, (elements * width) / 4);
    for (let half = 0; half < width / 4; half++) join4(words, half, width / 4, planes.bytes);
  }
  piece.set(planes.tail, elements * width);
  for (const bytes of planes.opened) release(bytes);
  return piece;
}

interface Shape {
  readonly width: PlaneWidth;
  readonly elements: number;
  readonly tail: number;
}

function readPlanes(payload: Uint8Array, { width, elements, tail }: Shape, decompress: Decompress) {
  const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const mask = view[0] ?? 0;
  if (mask >>> width !== 0) throw new Malformed('a piece in planes has more of them than its elements have bytes');
  const count = Array.from({ length: width }, (_, p) => (mask >>> p) & 1).reduce((sum, bit) => sum + bit, 0);
  let raw = 1 + 4 * count;
  let packed = raw + elements * (width - count);
  if (packed > view.length) throw new Malformed('a piece in planes ends before its planes do');
  let size = 1;
  const opened: Uint8Array[] = [];
  const bytes = Array.from({ length: width }, (_, p) => {
    if (!((mask >>> p) & 1)) {
      raw += elements;
      return view.subarray(raw - elements, raw);
    }
    const end = packed + view.readUInt32LE(size);
    size += 4;
    if (end > view.length) throw new Malformed('a piece in planes ends before its planes do');
    const plane = decompress(view.subarray(packed, end), elements);
    if (plane.length !== elements) throw new Malformed(`a plane has ${plane.length} bytes instead of ${elements}`);
    packed = end;
    opened.push(plane);
    return plane;
  });
  if (packed + tail !== view.length) throw new Malformed('a piece in planes has bytes too many or too few');
  return { bytes, opened, tail: view.subarray(packed) };
}

function join2(words: Uint16Array, planes: readonly Uint8Array[]): void {
  const [p0, p1] = [planes[0]!, planes[1]!];
  for (let i = 0; i < words.length; i++) words[i] = p0[i]! | (p1[i]! << 8);
}

function join4(words: Uint32Array, first: number, step: number, planes: readonly Uint8Array[]): void {
  const [p0, p1, p2, p3] = fourOf(planes, first);
  for (let i = 0, at = first; at < words.length; i++, at += step) words[at] = p0[i]! | (p1[i]! << 8) | (p2[i]! << 16) | (p3[i]! << 24);
}

/** The same bytes at an address that words may be read from. */
function aligned(piece: Uint8Array): Uint8Array {
  return piece.byteOffset % 4 === 0 ? piece : new Uint8Array(piece);
}
