import { DrError } from '@dr/storage';
import { mapLimited } from '../concurrency.ts';
import { openPackOf } from '../index/piece-reader.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import { type PackBytes, RECORD_AS, RECORD_WORDS, type TargetFile, type UnpackJob, type UnpackResult } from '../workers/messages.ts';
import { exactly, type WorkerPool } from '../workers/pool.ts';
import { type NeededRecord, rangesOf } from './needed-records.ts';

export interface UnpackParts {
  readonly scope: TenantScope;
  readonly index: TenantIndex;
  readonly pool: WorkerPool;
  /** The file behind a slot; without it records are only checked. */
  readonly fileOf?: (slot: number) => TargetFile;
  readonly remaining?: SharedArrayBuffer;
}

/** What is read: bytes of one pack, whole pieces in them with their deltas, and the deltas in it that another job opens. */
export interface Unpacking {
  /** Ordinal of the pack. */
  readonly pack: number;
  readonly start: number;
  readonly end: number;
  readonly whole: boolean;
  readonly records: readonly NeededRecord[];
  readonly listed?: readonly NeededRecord[];
}

/** What became of one record: the SHA-256 of its piece, or the object that is at fault. */
export interface Outcome {
  readonly record: NeededRecord;
  readonly inner?: Uint8Array;
  readonly lost?: { readonly object: string; readonly message: string; readonly error?: DrError };
}

export interface Unpacked extends Pick<UnpackResult, 'finished' | 'written' | 'packProblem'> {
  /** One of each record that is not only listed. */
  readonly outcomes: readonly Outcome[];
  /** Bytes of deltas that were read beside `bytes`. */
  readonly deltaBytes: number;
}

/**
 * Has a thread open records and their deltas. Where objects are files it reads them itself; what it cannot read is read from the store, which tells why.
 * @throws what the pool and the store throw, keys.* errors of the pack; damage of records is in the outcomes.
 */
export async function runUnpack(parts: UnpackParts, work: Unpacking): Promise<Unpacked> {
  const { start, end, pack, records, whole } = work;
  const object = objectOf(parts, pack);
  const path = parts.scope.store.fileOf?.(object);
  const first = path === undefined ? undefined : await open(parts, work, { bytes: NONE, start, file: { path, end } });
  if (first && !first.unread) return first;
  const again = first && !whole ? { ...work, records: records.filter((record) => first.unreadOf.has(record)) } : work;
  const bytes = await parts.pool.reads.read(parts.scope.store, object, { start, end });
  const second = await open(parts, again, { bytes, start });
  return first && !whole ? both(first, second) : second;
}

const NONE = new Uint8Array(0);

interface Opened extends Unpacked {
  readonly unread: boolean;
  /** Whole records whose bytes could not be read. */
  readonly unreadOf: ReadonlySet<NeededRecord>;
}

/** What was read at once, and what only the store could read. */
function both(first: Opened, second: Opened): Unpacked {
  const again = new Set(second.outcomes.map(({ record }) => record));
  return {
    outcomes: [...first.outcomes.filter(({ record }) => !again.has(record)), ...second.outcomes],
    finished: [...first.finished, ...second.finished],
    written: first.written + second.written,
    deltaBytes: first.deltaBytes + second.deltaBytes,
  };
}

async function open(
  parts: UnpackParts,
  { pack, whole, records, listed = [] }: Unpacking,
  from: Pick<PackBytes, 'bytes' | 'start' | 'file'>,
): Promise<Opened> {
  const { scope, pool, remaining } = parts;
  const own = { ...opening(parts, pack), ...from };
  const deltas = await readDeltas(parts, records);
  const entries = inOrder(records, listed, deltas);
  const sources: PackBytes[] = [own, ...deltas.sources].map((source) => ({ ...source, bytes: handed(pool, source.bytes) }));
  const brought = sources.filter(({ file }) => !file);
  const job: UnpackJob = { type: 'unpack', sources, idKey: scope.keys.idKey, whole, remaining, ...recordLists(entries, parts.fileOf) };
  const lent = brought.map((source) => pool.reads.isLent(source.bytes));
  const result = await pool.run(
    job,
    brought.map((source) => source.bytes.buffer as ArrayBuffer),
  );
  for (const [i, memory] of result.memory.entries()) lent[i] ? pool.reads.give(memory) : memory.transfer(0);
  const { finished, written, packProblem } = result;
  const outcomes = [...outcomesOf(parts, result, entries), ...deltas.lost];
  const deltaBytes = deltas.sources.reduce((sum, source) => sum + source.bytes.length, 0);
  const unreadOf = new Set(result.failed.filter(({ unread }) => unread).map(({ record }) => entries[record]!.record));
  return { finished, written, packProblem, outcomes, deltaBytes, unread: result.unread === true, unreadOf };
}

/** Bytes with memory that goes with them. */
const handed = (pool: WorkerPool, bytes: Uint8Array): Uint8Array => (pool.reads.isLent(bytes) ? bytes : exactly(bytes).bytes!);

function opening({ scope, index }: UnpackParts, ordinal: number) {
  const pack = index.pieces.packs[ordinal]!;
  const { name, kind, salt, commitment } = pack;
  return { name, kind, salt, commitment, ...openPackOf(scope, pack) };
}

const objectOf = ({ scope, index }: UnpackParts, ordinal: number): string => {
  const { kind, name } = index.pieces.packs[ordinal]!;
  return scope.names.pack(kind, name);
};

interface ReadDeltas {
  readonly sources: PackBytes[];
  /** Place in `sources`. */
  readonly sourceOf: Map<NeededRecord, number>;
  readonly lost: Outcome[];
}

const READS_AT_ONCE = 4;

/** The sealed deltas of some records, range by range; packs that cannot be read lose theirs. */
async function readDeltas(parts: UnpackParts, records: readonly NeededRecord[]): Promise<ReadDeltas> {
  const read: ReadDeltas = { sources: [], sourceOf: new Map(), lost: [] };
  const deltas = records.flatMap((record) => record.deltas ?? []);
  if (deltas.length === 0) return read;
  const ranges = [...Map.groupBy(deltas, ({ location }) => location.pack)].flatMap(([pack, inPack]) =>
    rangesOf(inPack.map(({ id, location }, i) => ({ id, location, uses: [i] }))).map((range) => ({ pack, inPack, ...range })),
  );
  await mapLimited(ranges, READS_AT_ONCE, async ({ pack, inPack, start, end, records: found }) => {
    const object = objectOf(parts, pack);
    const these = found.map(({ uses }) => inPack[uses[0]!]!);
    try {
      const source = { ...opening(parts, pack), bytes: await parts.scope.store.read(object, { start, end }), start };
      const place = read.sources.push(source) - 1;
      for (const delta of these) read.sourceOf.set(delta, place);
    } catch (error) {
      if (!(error instanceof DrError)) throw error;
      read.lost.push(...these.map((record) => ({ record, lost: { object, message: error.message, error } })));
    }
  });
  return read;
}

interface Listed {
  readonly record: NeededRecord;
  readonly source: number;
  readonly as: number;
}

/** Each whole piece is followed by its deltas, so that a thread holds one base at a time. */
function inOrder(records: readonly NeededRecord[], listed: readonly NeededRecord[], { sourceOf }: ReadDeltas): Listed[] {
  const opened = records.flatMap((record) => [
    { record, source: 0, as: RECORD_AS.whole },
    ...(record.deltas ?? []).flatMap((delta) =>
      sourceOf.has(delta) ? [{ record: delta, source: 1 + sourceOf.get(delta)!, as: RECORD_AS.delta }] : [],
    ),
  ]);
  return [...opened, ...listed.map((record) => ({ record, source: 0, as: RECORD_AS.listed }))];
}

/** The flat lists of an UnpackJob. */
function recordLists(entries: readonly Listed[], fileOf?: (slot: number) => TargetFile) {
  const ids = new Uint8Array(32 * entries.length);
  const records = new Uint32Array(RECORD_WORDS * entries.length);
  const writes: number[] = [];
  const files: TargetFile[] = [];
  const places = new Map<number, number>();
  const placeOf = (slot: number): number => {
    if (!places.has(slot)) places.set(slot, files.push(fileOf!(slot)) - 1);
    return places.get(slot)!;
  };
  entries.forEach(({ record: { id, location, uses }, source, as }, i) => {
    ids.set(id, 32 * i);
    const first = writes.length / 2;
    if (fileOf) for (let use = 0; use < uses.length; use += 2) writes.push(placeOf(uses[use]!), uses[use + 1]!);
    const { offset, length, record } = location;
    records.set([source, offset, length, record, first, writes.length / 2 - first, as], RECORD_WORDS * i);
  });
  return { ids, records, writes: Float64Array.from(writes), files };
}

/** A delta whose base did not come back right is lost by the base's pack. */
function outcomesOf(parts: UnpackParts, { inner, failed }: UnpackResult, entries: readonly Listed[]): Outcome[] {
  const failures = new Map(failed.map((failure) => [failure.record, failure]));
  return entries.flatMap(({ record, as }, i): Outcome[] => {
    if (as === RECORD_AS.listed) return [];
    const failure = failures.get(i);
    if (!failure) return [{ record, inner: inner.subarray(32 * i, 32 * i + 32) }];
    const at = failure.byBase ? record.base!.location.pack : record.location.pack;
    return [{ record, lost: { object: objectOf(parts, at), message: failure.message } }];
  });
}
