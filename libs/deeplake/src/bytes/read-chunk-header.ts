import type { DatasetView } from '../dataset-view.ts';
import { type ChunkHeader, chunkHeaderNeeds, parseChunkHeader } from './chunk-header.ts';

/** Most headers are 40 bytes; text has 12 bytes a row, so the first read covers about 5,000 rows. */
export const HEAD_BYTES = 64 * 1024;

/** The header and the first bytes behind it, as far as they were read along. */
export interface ReadHeader {
  readonly header: ChunkHeader;
  /** Bytes of the chunk that were read, from its beginning. */
  readonly head: Uint8Array;
}

/**
 * Reads only the header of a chunk that lies in [start, start + size) of a file: 64 KB first, more when the run counts say so.
 * @throws Malformed when the header does not fit in the chunk; rejects as `view.read` does.
 */
export async function readChunkHeader(view: DatasetView, path: string, start: number, size: number): Promise<ReadHeader> {
  const read = (length: number) => view.read(path, { start, end: start + Math.min(length, size) });
  let head = await read(HEAD_BYTES);
  for (let needed = chunkHeaderNeeds(head, size); needed > 0; needed = chunkHeaderNeeds(head, size))
    head = await read(Math.max(needed + 16, HEAD_BYTES));
  return { header: parseChunkHeader(head), head };
}
