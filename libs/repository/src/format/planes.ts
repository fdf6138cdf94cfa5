import { Malformed } from '../errors.ts';
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
  const whole = obtain(parts.reduce((sum, { length }) => sum + length, 0));
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
  const piece = obtain(length);
  joinPlanes(planes.bytes, piece, elements);
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

function joinPlanes(planes: readonly Uint8Array[], piece: Uint8Array, elements: number): void {
  const width = planes.length as PlaneWidth;
  const kernel = planeKernel();
  const stride = BLOCK_BYTES / width;
  eachBlock(elements, stride, (first, count) => {
    for (let p = 0; p < width; p++) kernel.planes.set(planes[p]!.subarray(first, first + count), p * stride);
    kernel.join(width, count / GROUP);
    piece.set(kernel.piece.subarray(0, count * width), first * width);
  });
  for (let i = elements - (elements % GROUP); i < elements; i++) for (let p = 0; p < width; p++) piece[i * width + p] = planes[p]![i]!;
}
