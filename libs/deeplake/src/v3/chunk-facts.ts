import { type ChunkHeader, positionBytes, samplePositions, samplesOf } from '../bytes/chunk-header.ts';
import { hasSignature } from '../bytes/image-signature.ts';
import { decodeSizedLz4 } from '../bytes/lz4-block.ts';
import { decodeLz4Frame, isLz4Frame } from '../bytes/lz4-frame.ts';
import { itemBytes } from '../bytes/numeric-summary.ts';
import { type ReadHeader, readChunkHeader } from '../bytes/read-chunk-header.ts';
import { reasonOf } from '../errors.ts';
import type { DatasetFiles } from './dataset-files.ts';
import type { TensorMeta } from './metas.ts';

/** What is known of one chunk file. `problem` is the first check it fails by itself; `samples` is undefined when the header does not parse. */
export interface ChunkFacts {
  readonly samples: number | undefined;
  readonly problem: { readonly code: 'C1' | 'C2' | 'C4' | 'C5' | 'C6'; readonly message: string } | undefined;
}

/** Chunks hold at most one oversized sample; one larger than this is left to its hash. */
const CONTENT_BYTES_MAX = 512 * 1024 * 1024;
const TEXT_LIKE = new Set(['json', 'list', 'text', 'tag']);

/** C1, C2, C4, C5 and (deep) C6 of one chunk of a tensor; of one that is only pinned, C1. `tile`: it is part of one big sample. Never rejects. */
export async function chunkFacts(files: DatasetFiles, path: string, meta: TensorMeta, tile: boolean, deep: boolean): Promise<ChunkFacts> {
  const size = files.size(path);
  if (size === undefined) return { samples: undefined, problem: { code: 'C1', message: 'the chunk is missing' } };
  if (files.listing.isPinned(files.prefix + path)) return { samples: undefined, problem: undefined };
  let read: ReadHeader;
  try {
    read = await readChunkHeader(files.view, files.prefix + path, 0, size);
  } catch (error) {
    return { samples: undefined, problem: { code: 'C2', message: reasonOf(error) } };
  }
  const shallow = wrongSize(read, size, meta, tile);
  const content = deep && !shallow ? await wrongContent(files, path, size, meta, read.header) : undefined;
  return { samples: samplesOf(read.header), problem: shallow ?? content };
}

function wrongSize({ header, head }: ReadHeader, size: number, meta: TensorMeta, tile: boolean): ChunkFacts['problem'] {
  try {
    const total = positionBytes(header);
    if (total === undefined) return undefined;
    const data = dataBytes(header, head, size, meta);
    if (data !== undefined && data !== total) return { code: 'C4', message: `data has ${data} bytes, position runs say ${total}` };
    const wanted = tile ? undefined : fixedBytes(meta, samplesOf(header));
    return wanted === undefined || wanted === total
      ? undefined
      : { code: 'C5', message: `${total} bytes, but samples of fixed shape need ${wanted}` };
  } catch (error) {
    return { code: 'C4', message: reasonOf(error) };
  }
}

/** Bytes that positions count: stored ones, or with lz4 chunk compression those of its size prefix (an old LZ4 frame has none). */
function dataBytes(header: ChunkHeader, head: Uint8Array, size: number, meta: TensorMeta): number | undefined {
  const stored = size - header.headerBytes;
  if (meta.chunkCompression === undefined || stored === 0) return stored;
  if (meta.chunkCompression !== 'lz4') return undefined;
  const prefix = head.subarray(header.headerBytes, header.headerBytes + 4);
  if (isLz4Frame(prefix)) return undefined;
  return prefix.length < 4 ? 0 : new DataView(prefix.buffer, prefix.byteOffset, 4).getUint32(0, true);
}

/** C5 applies to raw numbers whose samples all have one shape. */
function fixedBytes(meta: TensorMeta, samples: number): number | undefined {
  const { minShape, maxShape, sampleCompression, chunkCompression, htype, isLink, dtype } = meta;
  const width = itemBytes(dtype);
  const raw = sampleCompression === undefined && chunkCompression === undefined && !isLink && !TEXT_LIKE.has(htype);
  if (!raw || width === undefined || minShape.length === 0 || minShape.join() !== maxShape.join()) return undefined;
  return samples * width * minShape.reduce((product, dim) => product * dim, 1);
}

async function wrongContent(
  files: DatasetFiles,
  path: string,
  size: number,
  meta: TensorMeta,
  header: ChunkHeader,
): Promise<ChunkFacts['problem']> {
  const compressed = meta.chunkCompression === 'lz4';
  const image = meta.isLink || meta.chunkCompression ? undefined : meta.sampleCompression;
  if ((!compressed && image === undefined) || size > CONTENT_BYTES_MAX) return undefined;
  try {
    const stored = (await files.read(path)).subarray(header.headerBytes);
    const data = compressed ? decompress(stored) : stored;
    const total = positionBytes(header);
    if (total !== undefined && total !== data.length)
      return { code: 'C6', message: `${data.length} bytes decoded, position runs say ${total}` };
    return image === undefined ? undefined : wrongSignature(header, data, image);
  } catch (error) {
    return { code: 'C6', message: reasonOf(error) };
  }
}

function decompress(stored: Uint8Array): Uint8Array {
  return isLz4Frame(stored) ? decodeLz4Frame(stored) : decodeSizedLz4(stored);
}

function wrongSignature(header: ChunkHeader, data: Uint8Array, image: string): ChunkFacts['problem'] {
  let sample = 0;
  for (const { start, end } of samplePositions(header)) {
    if (end > start && !hasSignature(image, data.subarray(start, end)))
      return { code: 'C6', message: `sample ${sample} does not begin as ${image}` };
    sample++;
  }
  return undefined;
}
