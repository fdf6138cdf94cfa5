import type { DatasetFormat } from '../finding.ts';
import { chunkOf } from '../v3/paths.ts';
import type { BlockPlace } from './named-files.ts';
import type { Chunker } from './planned-file.ts';

const MIB = 1024 * 1024;
/** v4 never rewrites a file, so pieces are big. Source: REPOSITORY.md section 2. */
export const V4_PIECE_BYTES = 4 * MIB;
export const PIECE_BYTES = MIB;
/** A v3 chunk up to this size is stored again whole when it grows: cheaper than reading its header to find where to cut. */
export const V3_WHOLE_CHUNK_BYTES = 64 * 1024;

export function fixed(size: number, from = 0): Chunker {
  return { name: 'fixed', version: 1, size, from };
}

/** Shorter files lie in the tree of a backup: there is no piece of them that could be met again. */
const V4_SMALL_BYTES = 512;

/**
 * v4: files at fixed offsets behind their header. A compaction packs whole files into one, under new names: such a file is cut where the packed ones were
 * cut, so that it repeats what is stored; what lies between the larger ones stays together.
 */
export function v4Chunker(size: number, blocks: readonly BlockPlace[]): Chunker {
  const header = blocks[0]?.headerBytes ?? 0;
  const cuts = packedCuts(blocks, size);
  if (cuts.some((cut) => cut !== header)) return { name: 'cuts', version: 1, cuts };
  return fixed(V4_PIECE_BYTES, header < size ? header : 0);
}

/** Where each packed file begins, where its header ends, and where it ends; the engine cuts what is longer than V4_PIECE_BYTES by itself. */
function packedCuts(blocks: readonly BlockPlace[], size: number): number[] {
  const cuts = blocks.flatMap(({ packed, headerBytes = 0 }) => {
    if (!packed || packed.length <= V4_SMALL_BYTES) return [];
    const { offset, length } = packed;
    return [offset, offset + Math.min(headerBytes, length), offset + length];
  });
  return [...new Set(cuts)].filter((cut) => cut > 0 && cut < size).sort((a, b) => a - b);
}

/** How a file is cut whose logs are not at hand. */
export function chunkerFor(format: DatasetFormat): (path: string, size: number) => Chunker {
  if (format === 'v3') return v3Chunker;
  const plain = fixed(format === 'v4' ? V4_PIECE_BYTES : PIECE_BYTES);
  return () => plain;
}

/** v3: an append makes the header longer and leaves the data, so pieces are counted from the header's end, where the file is no chunk from 0. */
export function v3Chunker(path: string, size: number): Chunker {
  return chunkOf(path) && size > V3_WHOLE_CHUNK_BYTES ? { name: 'v3-chunk', version: 1, size: PIECE_BYTES } : fixed(PIECE_BYTES);
}
