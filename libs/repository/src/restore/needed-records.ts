import type { Location } from '../index/piece-index.ts';
import { RECORD_WORDS, type TargetFile, type UnpackJob } from '../workers/messages.ts';

/** A record that has to be read, and every place its piece is for. */
export interface NeededRecord {
  readonly id: Uint8Array;
  readonly location: Location;
  /** Pairs: file slot, then offset in the file (restore) or number of the piece (verify). */
  readonly uses: number[];
}

/** Records by pack, packs in the order of their first use: each is read once, whoever needs it. */
export class NeededRecords {
  readonly #packs = new Map<number, Map<number, NeededRecord>>();

  get packs(): IterableIterator<[number, Map<number, NeededRecord>]> {
    return this.#packs.entries();
  }

  get packCount(): number {
    return this.#packs.size;
  }

  add(id: Uint8Array, location: Location, use?: { slot: number; at: number }): void {
    const records = this.pack(location.pack);
    const record = records.get(location.record) ?? { id, location, uses: [] };
    records.set(location.record, record);
    if (use) record.uses.push(use.slot, use.at);
  }

  /** A pack's records; a pack that nothing is needed of is entered too. */
  pack(ordinal: number): Map<number, NeededRecord> {
    const records = this.#packs.get(ordinal) ?? new Map<number, NeededRecord>();
    this.#packs.set(ordinal, records);
    return records;
  }
}

/** A stretch of a pack that is read at once. */
export interface PackRange {
  readonly start: number;
  readonly end: number;
  readonly records: readonly NeededRecord[];
}

/** Gaps up to this are read along: cheaper than another request. */
const GAP_BYTES = 256 * 1024;
/** A range ends after it: some ranges in flight keep threads busy, whole packs would only keep memory busy. */
const RANGE_BYTES = 4 * 1024 * 1024;

export function rangesOf(records: Iterable<NeededRecord>): PackRange[] {
  const sorted = [...records].sort((a, b) => a.location.offset - b.location.offset);
  const ranges: { start: number; end: number; records: NeededRecord[] }[] = [];
  for (const record of sorted) {
    const { offset, length } = record.location;
    const last = ranges.at(-1);
    if (last && offset - last.end <= GAP_BYTES && last.end - last.start < RANGE_BYTES) {
      last.end = Math.max(last.end, offset + length);
      last.records.push(record);
    } else ranges.push({ start: offset, end: offset + length, records: [record] });
  }
  return ranges;
}

type RecordLists = Pick<UnpackJob, 'ids' | 'records' | 'writes' | 'files'>;

/** The flat lists of an UnpackJob. @param fileOf the file behind a slot; without it records are only checked. */
export function recordLists(needed: readonly NeededRecord[], fileOf?: (slot: number) => TargetFile): RecordLists {
  const ids = new Uint8Array(32 * needed.length);
  const records = new Uint32Array(RECORD_WORDS * needed.length);
  const writes: number[] = [];
  const files: TargetFile[] = [];
  const places = new Map<number, number>();
  const placeOf = (slot: number): number => {
    if (!places.has(slot)) places.set(slot, files.push(fileOf!(slot)) - 1);
    return places.get(slot)!;
  };
  needed.forEach(({ id, location, uses }, i) => {
    ids.set(id, 32 * i);
    const first = writes.length / 2;
    if (fileOf) for (let use = 0; use < uses.length; use += 2) writes.push(placeOf(uses[use]!), uses[use + 1]!);
    records.set([location.offset, location.length, location.record, first, writes.length / 2 - first], RECORD_WORDS * i);
  });
  return { ids, records, writes: Float64Array.from(writes), files };
}
