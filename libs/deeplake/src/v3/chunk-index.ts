import { ByteReader } from '../bytes/byte-reader.ts';
import { Malformed } from '../errors.ts';

/** One row of a chunk id index: the chunk's name and the last sample in it. Equal neighbours in `last` are tiles of one big sample. */
export interface ChunkRow {
  readonly name: string;
  readonly last: number;
}

/**
 * Parses `<tensor>/chunks_index/unsharded`: version, from 2.7.6 on a width byte (4 or 8), rows of two numbers of that width.
 * No bytes or only the header = no samples. @throws Malformed (check M2). Source: DEEPLAKE.md section 1.3.
 */
export function parseChunkIndex(bytes: Uint8Array): ChunkRow[] {
  if (bytes.length === 0) return [];
  const reader = new ByteReader(bytes);
  const width = versionAtLeast(reader.version(), [2, 7, 6]) ? reader.u8() : 4;
  if (width !== 4 && width !== 8) throw new Malformed(`chunk index: width ${width} instead of 4 or 8`);
  if (reader.remaining % (2 * width) !== 0) throw new Malformed(`chunk index: ${reader.remaining} bytes are no whole rows of ${2 * width}`);
  const rows: ChunkRow[] = [];
  while (reader.remaining > 0) rows.push(readRow(reader, width, rows.at(-1)?.last ?? -1));
  return rows;
}

function readRow(reader: ByteReader, width: 4 | 8, before: number): ChunkRow {
  const id = width === 8 ? reader.u64() : BigInt(reader.u32());
  const last = width === 8 ? reader.count64() : reader.u32();
  if (last < before) throw new Malformed(`chunk index: last sample falls from ${before} to ${last}`);
  return { name: id.toString(16), last };
}

/** Samples that an index describes. */
export function samplesInIndex(rows: readonly ChunkRow[]): number {
  return (rows.at(-1)?.last ?? -1) + 1;
}

/** Compares the numbers of a dotted version; what is not a number counts as 0. */
export function versionAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const at = least.findIndex((wanted, i) => (parts[i] ?? 0) !== wanted);
  return at < 0 || (parts[at] ?? 0) > least[at]!;
}
