import { BadRequest } from '../errors.ts';
import { PIECE_BYTES_MAX } from '../format/record.ts';
import type { Chunker } from '../types.ts';

/** Pieces of files that name no chunker. REPOSITORY.md section 2: v4 files 4 MiB, everything else 1 MiB. */
export const DEFAULT_CHUNKER: Chunker = { name: 'fixed', version: 1, size: 1024 * 1024, from: 0 };

/** Where a piece that starts at `offset` of a file of `size` bytes ends. */
export type NextCut = (offset: number) => number;

/**
 * The cuts of one file. Every piece has 1 to PIECE_BYTES_MAX bytes and the last ends at `size`.
 * @param headerEnd where a v3 chunk's header ends; only 'v3-chunk' asks.
 * @throws BadRequest for sizes or offsets that cannot be.
 */
export function cutsOf(chunker: Chunker, size: number, headerEnd: () => number): NextCut {
  switch (chunker.name) {
    case 'fixed':
      return fixed(checkedSize(chunker.size), checkedOffset(chunker.from), size);
    case 'v3-chunk':
      return fixed(checkedSize(chunker.size), headerEnd(), size);
    case 'cuts':
      return atOffsets(chunker.cuts, size);
  }
}

function fixed(piece: number, from: number, size: number): NextCut {
  const start = from < size ? from : 0;
  return (offset) => {
    if (offset < start) return Math.min(start, offset + PIECE_BYTES_MAX);
    return Math.min(size, offset + piece);
  };
}

function atOffsets(cuts: readonly number[], size: number): NextCut {
  let next = 0;
  return (offset) => {
    while (next < cuts.length && checkedOffset(cuts[next]!) <= offset) next++;
    return Math.min(size, offset + PIECE_BYTES_MAX, cuts[next] ?? size);
  };
}

function checkedSize(size: number): number {
  if (Number.isInteger(size) && size > 0 && size <= PIECE_BYTES_MAX) return size;
  throw new BadRequest(`A chunker with pieces of ${size} bytes was asked for, but pieces have 1 to ${PIECE_BYTES_MAX}`);
}

function checkedOffset(offset: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new BadRequest(`A chunker with a cut at ${offset} was asked for`);
}
