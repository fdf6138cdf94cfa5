import { ByteReader } from '../bytes/byte-reader.ts';
import { Malformed } from '../errors.ts';

/** How many items the sequences of a tensor hold, and how many sequences there are. */
export interface SequenceCount {
  readonly items: number;
  readonly sequences: number;
}

/**
 * Parses `<tensor>/sequence_index/unsharded`: version, then u32 triples (items per sequence, first item, last sequence index).
 * @throws Malformed when rows are cut, first items do not add up or indexes fall (check M5).
 */
export function parseSequenceIndex(bytes: Uint8Array): SequenceCount {
  let [items, sequences] = [0, 0];
  for (const [each, first, last] of rowsOf(bytes, 3)) {
    if (first !== items) throw new Malformed(`sequence index: first item ${first}, expected ${items}`);
    if (last! < sequences) throw new Malformed(`sequence index: last sequence falls to ${last}`);
    items += each! * (last! + 1 - sequences);
    sequences = last! + 1;
  }
  return { items, sequences };
}

/** Parses `<tensor>/creds_index/unsharded` (u32 pairs: creds code, last index). @returns samples it covers. @throws Malformed. */
export function parseCredsIndex(bytes: Uint8Array): number {
  let samples = 0;
  for (const [, last] of rowsOf(bytes, 2)) {
    if (last! < samples) throw new Malformed(`creds index: last sample falls to ${last}`);
    samples = last! + 1;
  }
  return samples;
}

function* rowsOf(bytes: Uint8Array, columns: number): Generator<number[]> {
  if (bytes.length === 0) return;
  const reader = new ByteReader(bytes);
  reader.version();
  if (reader.remaining % (4 * columns) !== 0) throw new Malformed(`index: ${reader.remaining} bytes are no whole rows of ${4 * columns}`);
  while (reader.remaining > 0) yield Array.from({ length: columns }, () => reader.u32());
}
