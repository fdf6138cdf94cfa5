import type { Copy, Location } from '../index/piece-index.ts';

/** A record that has to be read, and every place its piece is for. */
export interface NeededRecord {
  readonly id: Uint8Array;
  readonly location: Location;
  /** Pairs: file slot, then offset in the file (restore) or number of the piece (verify). */
  readonly uses: number[];
  /** A delta is read where its base is: in the job that opens this record. */
  base?: NeededRecord;
  /** Deltas of this piece, whichever packs they lie in. */
  deltas?: NeededRecord[];
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

  add(id: Uint8Array, copy: Copy, use?: { slot: number; at: number }): void {
    const record = this.#record(id, copy.location);
    if (copy.base && !record.base) {
      record.base = this.#record(copy.base.id, copy.base.location);
      record.base.deltas ??= [];
      record.base.deltas.push(record);
    }
    if (use) record.uses.push(use.slot, use.at);
  }

  /** A pack's records; a pack that nothing is needed of is entered too. */
  pack(ordinal: number): Map<number, NeededRecord> {
    const records = this.#packs.get(ordinal) ?? new Map<number, NeededRecord>();
    this.#packs.set(ordinal, records);
    return records;
  }

  #record(id: Uint8Array, location: Location): NeededRecord {
    const records = this.pack(location.pack);
    const record = records.get(location.record) ?? { id, location, uses: [] };
    records.set(location.record, record);
    return record;
  }
}

/** Every place that a record's piece is needed for, by itself or as a base. */
export function* usesOf(record: NeededRecord): Generator<{ slot: number; at: number }> {
  for (let use = 0; use < record.uses.length; use += 2) yield { slot: record.uses[use]!, at: record.uses[use + 1]! };
  for (const delta of record.deltas ?? []) yield* usesOf(delta);
}

/** A stretch of a pack that is read at once. */
export interface PackRange {
  readonly start: number;
  readonly end: number;
  readonly records: readonly NeededRecord[];
}

/** Gaps up to this are read along: cheaper than another request. */
const GAP_BYTES = 256 * 1024;
/** A range ends after it, deltas included: some ranges in flight keep threads busy, whole packs would only keep memory busy. */
const RANGE_BYTES = 4 * 1024 * 1024;

/** Stretches of a pack with the deltas of what is in them; deltas themselves are left out. A base with very many deltas is read again for each portion. */
export function rangesOf(records: Iterable<NeededRecord>): PackRange[] {
  const sorted = [...records].filter(({ base }) => !base).flatMap(inPortions);
  sorted.sort((a, b) => a.location.offset - b.location.offset);
  const ranges: { start: number; end: number; deltas: number; records: NeededRecord[] }[] = [];
  for (const record of sorted) {
    const { offset, length } = record.location;
    const [last, deltas] = [ranges.at(-1), deltaBytes(record)];
    if (last && offset - last.end <= GAP_BYTES && last.end - last.start + last.deltas < RANGE_BYTES) {
      last.end = Math.max(last.end, offset + length);
      last.deltas += deltas;
      last.records.push(record);
    } else ranges.push({ start: offset, end: offset + length, deltas, records: [record] });
  }
  return ranges;
}

export interface PackPortions {
  /** What is opened together with the whole pack. */
  readonly whole: readonly NeededRecord[];
  /** Bases again, with the deltas for which there was no room. */
  readonly later: readonly NeededRecord[];
  /** Deltas that lie in the pack; opened where their bases are. */
  readonly listed: readonly NeededRecord[];
}

/** Divides the records of a pack that is read whole, so that at most some MiB of deltas are read along with it. */
export function portionsOf(records: Iterable<NeededRecord>): PackPortions {
  const [whole, later, listed]: NeededRecord[][] = [[], [], []];
  let room = RANGE_BYTES;
  for (const record of records) {
    const [first, ...more] = inPortions(record);
    const fits = deltaBytes(first!) <= room;
    if (record.base) listed!.push(record);
    else if (fits) whole!.push(first!);
    else whole!.push({ ...record, deltas: [] });
    if (record.base) continue;
    if (fits) room -= deltaBytes(first!);
    else later!.push({ ...first!, uses: [] });
    later!.push(...more);
  }
  return { whole: whole!, later: later!, listed: listed! };
}

const deltaBytes = (record: NeededRecord): number => (record.deltas ?? []).reduce((sum, { location }) => sum + location.length, 0);

/** The record once for every RANGE_BYTES of deltas; only the first is for its own places. */
function inPortions(record: NeededRecord): NeededRecord[] {
  if (!record.deltas || deltaBytes(record) <= RANGE_BYTES) return [record];
  const portions: NeededRecord[] = [{ ...record, deltas: [] }];
  for (const delta of record.deltas) {
    if (deltaBytes(portions.at(-1)!) >= RANGE_BYTES) portions.push({ ...record, uses: [], deltas: [] });
    portions.at(-1)!.deltas!.push(delta);
  }
  return portions;
}
