import { Crew } from '../concurrency.ts';
import type { IndexedPack } from '../format/segment.ts';
import { openPackOf } from '../index/piece-reader.ts';
import type { TenantIndex } from '../index/tenant-index.ts';
import { type NeededRecord, recordLists } from '../restore/needed-records.ts';
import { readFooter } from '../session/found-packs.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Progress, VerifyFindingKind, VerifyOptions } from '../types.ts';
import { exactly, type WorkerPool } from '../workers/pool.ts';
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
    for (const { id, location } of records) {
      const entry = footer.entries[location.record];
      const same = entry?.offset === location.offset && Buffer.compare(entry.id.subarray(0, 16), id.subarray(0, 16)) === 0;
      if (!same) report(check, object, 'damaged', `The footer of ${object} does not have a record that the index knows.`, records);
    }
    progress(records.reduce((sum, { location }) => sum + location.length, 0));
  });
}

/** Every needed pack is read whole: its name, header, footer, and every needed record down to the SHA-256 of its piece. */
export async function checkPacksFull(check: PackCheck, pool: WorkerPool): Promise<void> {
  const crew = new Crew(pool.size + 1);
  const progress = progressOf(check);
  await eachPack(check, crew, async (pack, object, records) => {
    const { bytes, transfer } = exactly(await check.scope.store.read(object));
    const read = bytes!.length;
    const { key, belonging } = openPackOf(check.scope, pack);
    const { name, kind, commitment } = pack;
    const job = { pack: { name, kind, key, belonging, commitment }, idKey: check.scope.keys.idKey, bytes: bytes!, start: 0, whole: true };
    const result = await pool.run({ type: 'unpack', ...job, ...recordLists(records) }, transfer);
    const failed = new Map(result.failed.map(({ record, message }) => [record, message]));
    records.forEach((record, i) => {
      check.files.checked(record, failed.has(i) ? undefined : result.inner.subarray(32 * i, 32 * i + 32));
      if (failed.has(i)) report(check, object, 'damaged', `${object} is damaged: ${failed.get(i)}.`, [record]);
    });
    if (result.packProblem) report(check, object, 'damaged', `${object} is damaged: ${result.packProblem}.`, []);
    progress(read);
  });
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
  for (const record of records) check.files.checked(record, undefined);
}

function lose(check: PackCheck, object: string, kind: VerifyFindingKind, message: string, records: readonly NeededRecord[]): void {
  report(check, object, kind, message, records);
  for (const record of records) check.files.checked(record, undefined);
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
