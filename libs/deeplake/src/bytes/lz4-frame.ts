import { Malformed } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { decodeLz4Into } from './lz4-block.ts';

const FRAME_MAGIC = 0x184d2204;
/** Old chunks are at most a few times 32 MB; anything above is refused rather than allocated. */
const FRAME_BYTES_MAX = 1024 * 1024 * 1024;
const BLOCK_BYTES_MAX = [0, 0, 0, 0, 64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024] as const;

export function isLz4Frame(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true) === FRAME_MAGIC;
}

interface FrameHeader {
  readonly blockBytesMax: number;
  readonly blockChecksums: boolean;
  readonly contentSize: number | undefined;
}

/** Decodes the LZ4 frames of Deep Lake's early versions. Checksums are skipped, not verified. @throws Malformed. */
export function decodeLz4Frame(bytes: Uint8Array): Uint8Array {
  const reader = new ByteReader(bytes);
  const header = readFrameHeader(reader);
  let target: Uint8Array = new Uint8Array(0);
  let filled = 0;
  for (let word = reader.u32(); word !== 0; word = reader.u32()) {
    const block = reader.slice(word & 0x7fffffff);
    target = roomFor(target, filled + header.blockBytesMax);
    filled = appendBlock(block, word >>> 31 === 1, target, filled, header.blockBytesMax);
    if (header.blockChecksums) reader.u32();
  }
  if (header.contentSize !== undefined && header.contentSize !== filled)
    throw new Malformed(`LZ4 frame: ${filled} bytes decoded, ${header.contentSize} stated`);
  return target.subarray(0, filled);
}

function readFrameHeader(reader: ByteReader): FrameHeader {
  if (reader.u32() !== FRAME_MAGIC) throw new Malformed('LZ4 frame: wrong magic');
  const flags = reader.u8();
  const blockBytesMax = BLOCK_BYTES_MAX[(reader.u8() >>> 4) & 7]!;
  if (flags >>> 6 !== 1 || blockBytesMax === 0) throw new Malformed('LZ4 frame: unknown version or block size');
  const contentSize = flags & 8 ? reader.count64() : undefined;
  if (flags & 1) throw new Malformed('LZ4 frame: it needs a dictionary');
  reader.u8();
  return { blockBytesMax, blockChecksums: (flags & 16) !== 0, contentSize };
}

function appendBlock(block: Uint8Array, raw: boolean, target: Uint8Array, filled: number, blockBytesMax: number): number {
  if (!raw) return decodeLz4Into(block, target.subarray(0, filled + blockBytesMax), filled);
  if (block.length > blockBytesMax) throw new Malformed('LZ4 frame: block is larger than stated');
  target.set(block, filled);
  return filled + block.length;
}

function roomFor(target: Uint8Array, needed: number): Uint8Array {
  if (needed <= target.length) return target;
  if (needed > FRAME_BYTES_MAX) throw new Malformed('LZ4 frame: larger than any chunk');
  const larger = new Uint8Array(Math.max(needed, target.length * 2));
  larger.set(target);
  return larger;
}
