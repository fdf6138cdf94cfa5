import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { Malformed } from '../errors.ts';
import { release } from './release.ts';

/** What stands before a piece inside its sealed record: u8 codec, u8 transform, u16 0, u32 length of the piece; then 32 bytes base id for a delta. */
export const RECORD_HEADER_BYTES = 8;
export const BASE_ID_BYTES = 32;
/** No piece is longer; chunkers cut below it. */
export const PIECE_BYTES_MAX = 4 * 1024 * 1024;

const CODEC_RAW = 0;
const CODEC_ZSTD = 1;
const TRANSFORM_NONE = 0;
/** Transforms with this bit need a base; no version writes one yet (the engine issue brings planes and deltas). */
const TRANSFORM_DELTA_BIT = 0x40;

export interface RecordHeader {
  readonly codec: number;
  readonly transform: number;
  /** Bytes of the piece. */
  readonly length: number;
  readonly base?: Uint8Array;
}

export function encodeRecordHeader(header: RecordHeader): Buffer {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + (header.base ? BASE_ID_BYTES : 0));
  bytes[0] = header.codec;
  bytes[1] = header.transform;
  bytes.writeUInt32LE(header.length, 4);
  if (header.base) bytes.set(header.base, RECORD_HEADER_BYTES);
  return bytes;
}

/** @throws Malformed for lengths and bits this format does not have. */
export function decodeRecordHeader(plain: Uint8Array): { header: RecordHeader; bytes: number } {
  if (plain.length < RECORD_HEADER_BYTES) throw new Malformed('a record is shorter than its header');
  const view = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
  const [codec, transform, length] = [view[0]!, view[1]!, view.readUInt32LE(4)];
  if (view.readUInt16LE(2) !== 0 || length > PIECE_BYTES_MAX) throw new Malformed('a record header is not of this format');
  const delta = (transform & TRANSFORM_DELTA_BIT) !== 0;
  const bytes = RECORD_HEADER_BYTES + (delta ? BASE_ID_BYTES : 0);
  if (plain.length < bytes) throw new Malformed('a delta record ends before its base');
  return { header: { codec, transform, length, base: delta ? view.subarray(RECORD_HEADER_BYTES, bytes) : undefined }, bytes };
}

/** Below this, compressing a sample first costs more than it saves. */
const SAMPLE_FROM_BYTES = 128 * 1024;
const SAMPLE_BYTES = 8 * 1024;
const SAMPLES = 3;
/** A sample must come below this share to be worth the whole piece. */
const SAMPLE_SHRINK = 0.97;

/** Compresses pieces at one zstd level (0 = never), keeping what does not shrink as it is. */
export function pieceCompressor(level: number): (piece: Uint8Array) => { header: RecordHeader; payload: Uint8Array } {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  const compress = (bytes: Uint8Array): Buffer => zstdCompressSync(bytes, { chunkSize: zstdBound(bytes.length), params });
  const sample = Buffer.allocUnsafe(SAMPLE_BYTES * SAMPLES);
  return (piece) => {
    const raw = { header: { codec: CODEC_RAW, transform: TRANSFORM_NONE, length: piece.length }, payload: piece };
    if (level === 0 || piece.length === 0) return raw;
    if (piece.length >= SAMPLE_FROM_BYTES && compress(takeSample(piece, sample)).length > sample.length * SAMPLE_SHRINK) return raw;
    const payload = compress(piece);
    if (payload.length < piece.length) return { header: { ...raw.header, codec: CODEC_ZSTD }, payload };
    release(payload);
    return raw;
  };
}

/** The piece behind an opened record, whose memory it takes over. @throws Malformed; for a transform of a later version too. */
export function decodeRecord(plain: Uint8Array): Uint8Array {
  const { header, bytes } = decodeRecordHeader(plain);
  if (header.transform !== TRANSFORM_NONE) throw new Malformed(`a record uses transform ${header.transform}, which a later version wrote`);
  const piece = decompress(header, plain.subarray(bytes));
  if (piece.length !== header.length) throw new Malformed(`a piece has ${piece.length} bytes instead of ${header.length}`);
  return piece;
}

function decompress(header: RecordHeader, payload: Uint8Array): Uint8Array {
  if (header.codec === CODEC_RAW) return payload;
  if (header.codec !== CODEC_ZSTD) throw new Malformed(`a record uses compression ${header.codec}, which a later version wrote`);
  try {
    return zstdDecompressSync(payload, { chunkSize: Math.max(header.length, 64), maxOutputLength: Math.max(header.length, 1) });
  } catch (cause) {
    throw new Malformed('a piece does not decompress', { cause });
  } finally {
    release(payload);
  }
}

/** Start, middle and end of a piece. */
function takeSample(piece: Uint8Array, sample: Buffer): Buffer {
  const step = Math.floor((piece.length - SAMPLE_BYTES) / (SAMPLES - 1));
  for (let i = 0; i < SAMPLES; i++) sample.set(piece.subarray(i * step, i * step + SAMPLE_BYTES), i * SAMPLE_BYTES);
  return sample;
}

/** ZSTD_compressBound, rounded up: the whole output then fits one allocation (1.5 times as fast as the default). */
const zstdBound = (bytes: number): number => bytes + (bytes >>> 8) + 256;
