import { Malformed } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';

/** Head of a v3 chunk, which is also format 1 of v4. Source: DEEPLAKE.md section 1.4. */
export interface ChunkHeader {
  readonly version: string;
  /** Bytes before the data. */
  readonly headerBytes: number;
  /** Shape runs: the dimensions and the last local index of each, flat. */
  readonly shapes: Uint32Array;
  readonly shapeColumns: number;
  /** Position runs: bytes per sample, start byte, last local index of each, flat. */
  readonly positions: Uint32Array;
}

/** Real headers stay under 12 bytes a row of an 8 MB chunk; a claim above this is refused before memory is taken. */
export const CHUNK_HEADER_BYTES_MAX = 256 * 1024 * 1024;

/** Is this prefix of a chunk long enough for its header? 0 = yes, else how many bytes to read instead. @throws Malformed when no header can be that long. */
export function chunkHeaderNeeds(prefix: Uint8Array, fileSize: number): number {
  const reader = new ByteReader(prefix);
  reader.version();
  const shapeBytes = reader.i32() * reader.i32() * 4;
  if (shapeBytes < 0) throw new Malformed('chunk header: negative row count');
  const positionsAt = reader.position + shapeBytes;
  if (positionsAt + 4 > Math.min(fileSize, CHUNK_HEADER_BYTES_MAX)) throw new Malformed('chunk header: shape runs go beyond the file');
  if (positionsAt + 4 > prefix.length) return positionsAt + 4;
  reader.position = positionsAt;
  const end = positionsAt + 4 + reader.u32() * 12;
  if (end > Math.min(fileSize, CHUNK_HEADER_BYTES_MAX)) throw new Malformed('chunk header: position runs go beyond the file');
  return end > prefix.length ? end : 0;
}

/** Parses a header that is complete in `bytes` (data may follow). @throws Malformed. */
export function parseChunkHeader(bytes: Uint8Array): ChunkHeader {
  const reader = new ByteReader(bytes);
  const version = reader.version();
  const [rows, columns] = [reader.i32(), reader.i32()];
  if (rows < 0 || columns < 0) throw new Malformed('chunk header: negative row count');
  const shapes = words(reader, rows * columns);
  const positions = words(reader, reader.u32() * 3);
  return { version, headerBytes: reader.position, shapes, shapeColumns: columns, positions };
}

function words(reader: ByteReader, count: number): Uint32Array {
  const bytes = reader.slice(count * 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(i * 4, true));
}

/** Samples that the shape runs cover, or the position runs when there are no shapes. */
export function samplesOf(header: ChunkHeader): number {
  const { shapes, positions } = header;
  if (shapes.length > 0) return shapes[shapes.length - 1]! + 1;
  return positions.length > 0 ? positions[positions.length - 1]! + 1 : 0;
}

/** Bytes that the position runs cover, undefined when there are none. @throws Malformed when starts do not add up or indexes fall. */
export function positionBytes({ positions }: ChunkHeader): number | undefined {
  let [total, last] = [0, -1];
  for (let i = 0; i < positions.length; i += 3) {
    const [bytesEach, start, index] = [positions[i]!, positions[i + 1]!, positions[i + 2]!];
    if (start !== total % 0x1_0000_0000) throw new Malformed(`position run ${i / 3} starts at ${start}, expected ${total}`);
    if (index <= last) throw new Malformed(`position run ${i / 3} ends at sample ${index}, not after ${last}`);
    total += bytesEach * (index - last);
    last = index;
  }
  return positions.length === 0 ? undefined : total;
}

/** Where each sample lies in the data, from the position runs. */
export function* samplePositions({ positions }: ChunkHeader): Generator<{ start: number; end: number }> {
  let [at, last] = [0, -1];
  for (let i = 0; i < positions.length; i += 3) {
    for (; last < positions[i + 2]!; last++) {
      yield { start: at, end: at + positions[i]! };
      at += positions[i]!;
    }
  }
}
