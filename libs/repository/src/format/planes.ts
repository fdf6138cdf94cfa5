import { Malformed } from '../errors.ts';
import { Payload } from './payload.ts';
import { BLOCK_BYTES, planeKernel } from './plane-kernel.ts';
import { obtain, release } from './release.ts';

/**
 * Byte planes: the n-th bytes of all elements of `width` bytes lie together, so that the exponents of floats, or the high bytes of integers, become runs
 * that compress while the noise of the low bytes is left alone. Layout of the payload (docs/repository-format.md, Packs): u8 mask of the planes that are
 * compressed, u32 length of each of those, the planes that are not, those that are, and the bytes after the last whole element.
 */
export type PlaneWidth = 2 | 4 | 8;
export const PLANE_WIDTHS: readonly PlaneWidth[] = [2, 4, 8];

export type Compress = (bytes: Uint8Array) => Buffer;
export type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

/** Elements that the kernel takes at once; those left over go one by one. */
const GROUP = 16;

/** The planes of a piece, one after the other, in memory of their own. */
export function splitPlanes(piece: Uint8Array, width: PlaneWidth): Uint8Array[] {
  const elements = Math.floor(piece.length / width);
  const all = obtain(elements * width);
  const planes = Array.from({ length: width }, (_, p) => all.subarray(p * elements, (p + 1) * elements));
  const kernel = planeKernel();
  const stride = BLOCK_BYTES / width;
  eachBlock(elements, stride, (first, count) => {
    kernel.piece.set(piece.subarray(first * width, (first + count) * width));
    kernel.split(width, count / GROUP);
    for (let p = 0; p < width; p++) planes[p]!.set(kernel.planes.subarray(p * stride, p * stride + count), first);
  });
  for (let i = elements - (elements % GROUP); i < elements; i++) for (let p = 0; p < width; p++) planes[p]![i] = piece[i * width + p]!;
  return planes;
}

/** Whole groups of elements, as many at once as a block holds. */
function eachBlock(elements: number, most: number, run: (first: number, count: number) => void): void {
  const end = elements - (elements % GROUP);
  for (let first = 0; first < end; first += most) run(first, Math.min(most, end - first));
}

/** @param mask bit p: try to compress plane p; what does not shrink stays as it is. The bytes after the last whole element stay the piece's. */
export function encodePlanes(piece: Uint8Array, width: PlaneWidth, mask: number, compress: Compress): Payload {
  const planes = splitPlanes(piece, width);
  const tried = planes.map((plane, p) => ((mask >>> p) & 1 ? smaller(compress(plane), plane.length) : undefined));
  const compressed = tried.filter((bytes) => bytes !== undefined);
  const head = Buffer.alloc(1 + 4 * compressed.length);
  head[0] = tried.reduce((bits, bytes, p) => (bytes ? bits | (1 << p) : bits), 0);
  for (const [i, { length }] of compressed.entries()) head.writeUInt32LE(length, 1 + 4 * i);
  const raw = planes.filter((_, p) => !tried[p]);
  return new Payload([head, ...raw, ...compressed, tailOf(piece, width)], [...planes.slice(0, 1), ...compressed]);
}

function smaller(bytes: Buffer, than: number): Buffer | undefined {
  if (bytes.length < than) return bytes;
  release(bytes);
  return undefined;
}

const tailOf = (piece: Uint8Array, width: number): Uint8Array => piece.subarray(piece.length - (piece.length % width));

/** The piece of `length` bytes behind a payload. @throws Malformed. */
export function decodePlanes(payload: Uint8Array, length: number, width: PlaneWidth, decompress: Decompress): Buffer {
  const elements = Math.floor(length / width);
  const planes = readPlanes(inOneBuffer(payload), { width, elements, tail: length % width }, decompress);
  const piece = obtain(length);
  joinPlanes(planes.bytes, elements, (bytes, at) => piece.set(bytes, at));
  piece.set(planes.tail, elements * width);
  for (const bytes of planes.opened) release(bytes);
  return piece;
}

/** Whether the parts that `encodePlanes` made are those of the piece, told without bringing it together anywhere. @throws Malformed. */
export function planesHold(parts: readonly Uint8Array[], piece: Uint8Array, width: PlaneWidth, decompress: Decompress): boolean {
  const elements = Math.floor(piece.length / width);
  const planes = readPlanes(inParts(parts), { width, elements, tail: piece.length % width }, decompress);
  let same = Buffer.compare(planes.tail, tailOf(piece, width)) === 0;
  joinPlanes(planes.bytes, elements, (bytes, at) => {
    same &&= Buffer.compare(bytes, piece.subarray(at, at + bytes.length)) === 0;
  });
  for (const bytes of planes.opened) release(bytes);
  return same;
}

interface Shape {
  readonly width: PlaneWidth;
  readonly elements: number;
  readonly tail: number;
}

/** A payload from its start on. */
interface Cursor {
  /** @throws Malformed unless so many bytes follow. */
  take(length: number): Uint8Array;
  /** The head begins with how many of them are to be taken with it. @returns the next byte, 0 at the end. */
  peek(): number;
  readonly atEnd: boolean;
}

function inOneBuffer(payload: Uint8Array): Cursor {
  let at = 0;
  return {
    take: (length) => {
      if (at + length > payload.length) throw new Malformed('a piece in planes ends before its planes do');
      at += length;
      return payload.subarray(at - length, at);
    },
    peek: () => payload[at] ?? 0,
    get atEnd() {
      return at === payload.length;
    },
  };
}

/** Parts as `encodePlanes` makes them: head, planes and tail one each. */
function inParts(parts: readonly Uint8Array[]): Cursor {
  let at = 0;
  return {
    take: (length) => {
      if (parts[at]?.length !== length) throw new Malformed('a part of a piece in planes has another length than its head says');
      return parts[at++]!;
    },
    peek: () => parts[at]?.[0] ?? 0,
    get atEnd() {
      return at === parts.length;
    },
  };
}

function readPlanes(payload: Cursor, { width, elements, tail }: Shape, decompress: Decompress) {
  const mask = payload.peek();
  if (mask >>> width !== 0) throw new Malformed('a piece in planes has more of them than its elements have bytes');
  const places = Array.from({ length: width }, (_, p) => p);
  const packed = places.filter((p) => (mask >>> p) & 1);
  const head = payload.take(1 + 4 * packed.length);
  const sizes = new DataView(head.buffer, head.byteOffset, head.length);
  const bytes: Uint8Array[] = [];
  for (const p of places) if (!((mask >>> p) & 1)) bytes[p] = payload.take(elements);
  const opened = packed.map((p, i) => {
    const plane = decompress(payload.take(sizes.getUint32(1 + 4 * i, true)), elements);
    if (plane.length !== elements) throw new Malformed(`a plane has ${plane.length} bytes instead of ${elements}`);
    bytes[p] = plane;
    return plane;
  });
  const rest = payload.take(tail);
  if (!payload.atEnd) throw new Malformed('a piece in planes has bytes too many');
  return { bytes, opened, tail: rest };
}

/** @param take gets the piece block by block: memory that the next block overwrites, and where in the piece it stands. */
function joinPlanes(planes: readonly Uint8Array[], elements: number, take: (bytes: Uint8Array, at: number) => void): void {
  const width = planes.length as PlaneWidth;
  const kernel = planeKernel();
  const stride = BLOCK_BYTES / width;
  eachBlock(elements, stride, (first, count) => {
    for (let p = 0; p < width; p++) kernel.planes.set(planes[p]!.subarray(first, first + count), p * stride);
    kernel.join(width, count / GROUP);
    take(kernel.piece.subarray(0, count * width), first * width);
  });
  const whole = elements - (elements % GROUP);
  const left = new Uint8Array((elements - whole) * width);
  for (let i = 0; i < left.length; i++) left[i] = planes[i % width]![whole + Math.floor(i / width)]!;
  take(left, whole * width);
}
