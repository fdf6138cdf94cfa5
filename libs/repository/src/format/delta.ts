import { constants, zstdCompressSync } from 'node:zlib';
import { owned, type Payload } from './payload.ts';
import { encodePlanes } from './planes.ts';
import {
  BASE_ID_BYTES,
  CODEC_RAW,
  CODEC_ZSTD,
  CODEC_ZSTD_BASE,
  type EncodedPiece,
  PLANES_PARAMS,
  TRANSFORM_DELTA_BIT,
  widthOf,
  zstdBound,
  zstdParams,
} from './record.ts';
import { xorOf } from './xor.ts';

/** A piece that another one is stored as the difference to. */
export interface DeltaBase {
  /** 32 bytes. */
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Shorter pieces gain too little to need another one for ever. */
export const DELTA_FROM_BYTES = 4096;
/** A delta is kept below this share of what the piece takes otherwise. Source: REPOSITORY.md section 2, Delta rules. */
const DELTA_WORTH = 0.5;
/** Above this share, bytes seem to have been shifted: four times the work may find where they went. */
const XOR_GOOD = 0.125;
/** The lowest level that finds a match anywhere in a base of 1 MiB: 178 bytes for vectors of which one was removed, where level 1 finds nothing. */
const SHIFTED_LEVEL = 3;
/** A dictionary that begins so has a structure of its own for zstd; a piece may begin so by chance or by intent. */
const ZSTD_DICTIONARY_MAGIC = 0xec30a437;

/** The delta of a piece, or `full` when that is not at least twice as long. The memory of the other one is given back. */
export type DeltaCompressor = (piece: Uint8Array, base: DeltaBase, full: EncodedPiece) => EncodedPiece;

/**
 * Stores pieces as differences: the XOR, which is all zeros but for what was replaced in place, or where that leaves much, the piece with its base as
 * zstd's dictionary, which finds what was shifted. Where the piece itself is best kept in byte planes, so is the XOR: what was replaced are numbers as well
 * (a tenth less than zstd alone; measured on v3 chunks with 1 % of their vectors updated).
 */
export function deltaCompressor(level: number): DeltaCompressor {
  const params = zstdParams(level);
  const compress = (bytes: Uint8Array): Buffer => zstdCompressSync(bytes, { chunkSize: zstdBound(bytes.length), params });
  const compressPlane = (bytes: Uint8Array): Buffer =>
    zstdCompressSync(bytes, { chunkSize: zstdBound(bytes.length), params: { ...params, ...PLANES_PARAMS } });
  const xored = (piece: Uint8Array, base: DeltaBase, full: EncodedPiece): EncodedPiece => {
    const difference = xorOf(piece, base.bytes);
    const width = widthOf(full.header);
    const how = { codec: width ? CODEC_RAW : CODEC_ZSTD, transform: width ? full.header.transform : 0 };
    const payload = width ? encodePlanes(difference, width, (1 << width) - 1, compressPlane) : owned(compress(difference));
    return deltaOf(piece, base, how, payload.holding(difference));
  };
  return (piece, base, full) => {
    const xor = xored(piece, base, full);
    const best = xor.payload.length > full.payload.length * XOR_GOOD ? smaller(xor, shifted(piece, base, level)) : xor;
    if (best.payload.length + BASE_ID_BYTES >= full.payload.length * DELTA_WORTH) {
      best.payload.release();
      return full;
    }
    full.payload.release();
    return best;
  };
}

function shifted(piece: Uint8Array, base: DeltaBase, level: number): EncodedPiece | undefined {
  const { id, bytes } = base;
  if (bytes.length < 8 || Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE() === ZSTD_DICTIONARY_MAGIC) return undefined;
  const params = { [constants.ZSTD_c_compressionLevel]: Math.max(level, SHIFTED_LEVEL) };
  const payload = zstdCompressSync(piece, { chunkSize: zstdBound(piece.length), params, dictionary: bytes });
  return deltaOf(piece, { id, bytes }, { codec: CODEC_ZSTD_BASE, transform: 0 }, owned(payload));
}

const deltaOf = (piece: Uint8Array, base: DeltaBase, how: { codec: number; transform: number }, payload: Payload): EncodedPiece => ({
  header: { codec: how.codec, transform: TRANSFORM_DELTA_BIT | how.transform, length: piece.length, base: base.id },
  payload,
});

function smaller(a: EncodedPiece, b: EncodedPiece | undefined): EncodedPiece {
  if (!b) return a;
  const [best, other] = b.payload.length < a.payload.length ? [b, a] : [a, b];
  other.payload.release();
  return best;
}
