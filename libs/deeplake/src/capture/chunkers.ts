import { chunkOf } from '../v3/paths.ts';
import type { Reference } from '../v4/references.ts';
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

/** v4: packed files at the blocks they hold (they repeat small files byte for byte), others at fixed offsets behind their header. */
export function v4Chunker(size: number, reference: Reference | undefined): Chunker {
  const cuts = (reference?.parts ?? []).flatMap((part) =>
    part.packed && part.packed.offset > 0 && part.packed.offset < size ? [part.packed.offset] : [],
  );
  if (cuts.length > 0) return { name: 'cuts', version: 1, cuts: [...new Set(cuts)].sort((a, b) => a - b) };
  const header = reference?.parts[0]?.headerBytes ?? 0;
  return fixed(V4_PIECE_BYTES, header < size ? header : 0);
}

/** v3: an append makes the header longer and leaves the data, so pieces are counted from the header's end, where the file is no chunk from 0. */
export function v3Chunker(path: string, size: number): Chunker {
  return chunkOf(path) && size > V3_WHOLE_CHUNK_BYTES ? { name: 'v3-chunk', version: 1, size: PIECE_BYTES } : fixed(PIECE_BYTES);
}
