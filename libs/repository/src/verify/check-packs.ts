import { Crew } from '../concurrency.ts';
import type { PackEntry } from '../format/pack-entries.ts';
import type { IndexedPack } from '../format/segment.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import { type NeededRecord, type PackRange, portionsOf, rangesOf } from '../restore/needed-records.ts';
import { type Outcome, runUnpack, type UnpackParts } from '../restore/unpack-jobs.ts';
import { readFooter } from '../session/found-packs.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Progress, VerifyFindingKind, VerifyOptions } from '../types.ts';
import type { WorkerPool } from '../workers/pool.ts';
import type { Findings } from './findings.ts';
import type { NeededFiles } from './needed-files.ts';

export interface PackCheck {
  readonly scope: TenantScope;
  readonly index: TenantIndex;
  readonly files: NeededFiles;
  readonly findings: Findings;
  /** Sizes by pack name, from a listing. */
  readonly listed: ReadonlyMap<string, number>;
  readonly options: VerifyOptions;
}

const FOOTERS_AT_ONCE = 8;

/** Every needed pack is listed with its size, and its footer opens and has the records. */
export async function checkPacksQuick(check: PackCheck): Promise<void> {
  const crew = new Crew(FOOTERS_AT_ONCE);
  const progress = progressOf(check);
  await eachPack(check, crew, async (pack, object, records) => {
    const { footer } = await readFooter(check.scope, pack);
    for (const record of records) {
      if (!hasRecord(footer.entries[record.location.record], record))
        report(check, object, 'damaged', `The footer of ${object} does not have a record that the index knows.`, records);
    }
    progress(records.reduce((sum, { location }) => sum + location.length, 0));
  });
}

function hasRecord(entry: PackEntry | undefined, { id, location }: NeededRecord): boolean {
  if (entry?.offset !== location.offset || Buffer.compare(entry.id.subarray(0, 16), id.subarray(0, 16)) !== 0) return false;
  return Buffer.compare(entry.base ?? NO_BASE, location.base ?? NO_BASE) === 0;
}

const NO_BASE = new Uint8Array(0);

/**
 * Every needed pack is read whole: header, footer, every other byte (docs/decisions/0071), and every needed record down to the SHA-256 of its piece. Deltas are opened with their bases,
 * so what is a delta in a pack is read once more, by itself.
 */
export async function checkPacksFull(check: PackCheck, pool: WorkerPool): Promise<void> {
  const crew = new Crew(pool.size + 1);
  const progress = progressOf(check);
  const parts = { ...check, pool };
  const checkOne: CheckOne = async (pack, object, records) => {
    const ordinal = check.index.pieces.ordinalOf(pack.name)!;
    const { whole, later, listed } = portionsOf(records);
    const path = check.scope.store.fileOf?.(object);
    const ahead = path === undefined ? undefined : pool.readAhead.read(path, 0, pack.size);
    const all = { pack: ordinal, start: 0, end: pack.size, whole: true };
    const { outcomes, packProblem } = await runUnpack(parts, { ...all, records: inPlace(whole), listed }).finally(() => ahead);
    for (const outcome of outcomes) settle(check, outcome);
    if (packProblem) report(check, object, 'damaged', `${object} is damaged: ${packProblem}.`, []);
    for (const range of rangesOf(later)) await checkRange(parts, ordinal, object, range);
    progress(pack.size);
  };
  await eachPack(check, crew, checkOne).finally(() => pool.reads.trim());
}

/** A pack is read from its start to its end. */
const inPlace = (records: readonly NeededRecord[]): NeededRecord[] => [...records].sort((a, b) => a.location.offset - b.location.offset);

/** The deltas for which there was no room beside the whole pack. */
async function checkRange(parts: PackCheck & UnpackParts, pack: number, object: string, { start, end, records }: PackRange): Promise<void> {
  try {
    const { outcomes } = await runUnpack(parts, { pack, start, end, whole: false, records });
    for (const outcome of outcomes) settle(parts, outcome);
  } catch (error) {
    loseBy(parts, object, error, records);
  }
}

/** Takes in what became of a record; the object at fault is reported with every path that needs it. */
function settle(check: PackCheck, { record, inner, lost }: Outcome): void {
  if (lost?.error) for (const path of check.files.pathsOf(record)) check.findings.addError(lost.object, lost.error, path);
  else if (lost) report(check, lost.object, 'damaged', `${lost.object} is damaged: ${lost.message}.`, [record]);
  check.files.checked(record, inner);
}

type CheckOne = (pack: IndexedPack, object: string, records: NeededRecord[]) => Promise<void>;

async function eachPack(check: PackCheck, crew: Crew, checkOne: CheckOne): Promise<void> {
  const { files, index, listed, options, scope } = check;
  try {
    for (const [ordinal, needed] of files.records.packs) {
      options.signal?.throwIfAborted();
      const pack = index.pieces.packs[ordinal]!;
      const object = scope.names.pack(pack.kind, pack.name);
      const records = [...needed.values()];
      const size = listed.get(pack.name);
      if (size === undefined) lose(check, object, 'missing', `${object} is not in the store.`, records);
      else if (size !== pack.size) lose(check, object, 'size', `${object} has ${size} bytes, and ${pack.size} were written.`, records);
      else await crew.start(() => checkOne(pack, object, records).catch((error: unknown) => loseBy(check, object, error, records)));
    }
  } finally {
    await crew.settled();
  }
}

function loseBy(check: PackCheck, object: string, error: unknown, records: readonly NeededRecord[]): void {
  const paths = new Set(records.flatMap((record) => [...check.files.pathsOf(record)]));
  check.findings.addError(object, error);
  for (const path of paths) check.findings.addError(object, error, path);
  giveUp(check, records);
}

function lose(check: PackCheck, object: string, kind: VerifyFindingKind, message: string, records: readonly NeededRecord[]): void {
  report(check, object, kind, message, records);
  giveUp(check, records);
}

/** What is whole takes its deltas along; a delta is given up where its base is read. */
function giveUp({ files }: PackCheck, records: readonly NeededRecord[]): void {
  for (const whole of records.filter(({ base }) => !base))
    for (const record of [whole, ...(whole.deltas ?? [])]) files.checked(record, undefined);
}

function report(check: PackCheck, object: string, kind: VerifyFindingKind, message: string, records: readonly NeededRecord[]): void {
  check.findings.add(object, kind, message);
  for (const record of records) for (const path of check.files.pathsOf(record)) check.findings.add(object, kind, message, path);
}

/** Reports bytes of packs as they are done. */
function progressOf({ files, options }: PackCheck): (bytes: number) => void {
  const state: Progress = { files: 0, filesTotal: files.count, bytes: 0, bytesTotal: files.bytes };
  return (bytes) => {
    state.bytes = Math.min(state.bytesTotal, state.bytes + bytes);
    options.progress?.({ ...state });
  };
}
