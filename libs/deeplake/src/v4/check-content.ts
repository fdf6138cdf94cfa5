import { type ChunkHeader, parseChunkHeader, positionBytes, samplePositions } from '../bytes/chunk-header.ts';
import { hasSignature } from '../bytes/image-signature.ts';
import { decodeSizedLz4 } from '../bytes/lz4-block.ts';
import { type NumericSummary, summarise } from '../bytes/numeric-summary.ts';
import type { DatasetView } from '../dataset-view.ts';
import type { BlockStatistics, FileReference } from './operation.ts';

/** Data files are about 8 MB; one that is larger than this (a single huge sample) is left to its hash. */
const CONTENT_BYTES_MAX = 256 * 1024 * 1024;
/** The log prints statistics with up to 16 digits, and sums of floats depend on their order, so sums are judged by the size of their terms. */
const RELATIVE_ERROR_MAX = 1e-6;

/**
 * D4: decodes a block of format 1 and compares it with what the log says of its values: LZ4, image signatures, least, greatest and sum.
 * @returns what is wrong. Throws Malformed when it does not decode; rejects when it cannot be read.
 */
export async function checkContent(view: DatasetView, path: string, part: FileReference): Promise<string | undefined> {
  const [start, size] = part.packed ? [part.packed.offset, part.packed.length] : [0, part.size];
  if (part.format?.type !== '1' || size > CONTENT_BYTES_MAX) return undefined;
  const bytes = await view.read(path, { start, end: start + size });
  const header = parseChunkHeader(bytes);
  const stored = bytes.subarray(header.headerBytes);
  const lz4 = part.format.compression === 'lz4';
  const data = lz4 ? decodeSizedLz4(stored) : stored;
  const total = positionBytes(header);
  if (total !== undefined && total !== data.length) return `${data.length} bytes decoded, position runs say ${total}`;
  return (lz4 ? undefined : wrongSignature(header, data, part.format.compression)) ?? wrongStatistics(part, data);
}

function wrongSignature(header: ChunkHeader, data: Uint8Array, compression: string | undefined): string | undefined {
  if (compression === undefined) return undefined;
  let sample = 0;
  for (const { start, end } of samplePositions(header)) {
    if (end > start && !hasSignature(compression, data.subarray(start, end))) return `sample ${sample} does not begin as ${compression}`;
    sample++;
  }
  return undefined;
}

function wrongStatistics({ format, statistics }: FileReference, data: Uint8Array): string | undefined {
  if (!statistics || statistics.nulls > 0) return undefined;
  const actual = summarise(format?.dtype, data);
  if (!actual) return undefined;
  const wrong = (['min', 'max', 'sum'] as const).find((key) => differs(statistics, actual, key));
  return wrong && `${wrong} of the values is ${actual[wrong]}, the log says ${statistics[wrong]}`;
}

function differs(stated: BlockStatistics, actual: NumericSummary, key: 'min' | 'max' | 'sum'): boolean {
  const value = stated[key];
  if (value === undefined) return false;
  const terms = key === 'sum' ? (stated.rows ?? 1) : 1;
  const scale = Math.max(1, Math.abs(actual.min), Math.abs(actual.max)) * Math.max(1, terms);
  return Math.abs(value - actual[key]) > RELATIVE_ERROR_MAX * scale;
}
