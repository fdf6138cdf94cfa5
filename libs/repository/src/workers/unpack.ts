import { Malformed } from '../errors.ts';
import { type PieceNaming, pieceNaming, sha256 } from '../format/hashes.ts';
import { recordOpener } from '../format/pack-reader.ts';
import { release } from '../format/release.ts';
import { RECORD_AS, RECORD_WORDS, type UnpackJob, type UnpackResult, type WriteJob } from './messages.ts';
import { packProblem } from './pack-problem.ts';
import { type PackSource, PackUnread, packSource } from './pack-source.ts';
import { TargetFiles } from './target-files.ts';

interface OpenedPiece {
  readonly bytes: Uint8Array;
  readonly inner: Buffer;
}

interface Done {
  readonly finished: number[];
  written: number;
}

type Failed = { record: number; message: string; byBase?: boolean; unread?: boolean };

/** Opens and checks records of one pack with their deltas, and writes what is right where it belongs. Damage is in the result; @throws TargetFailed only. */
export function unpack(job: UnpackJob): UnpackResult {
  const inner = Buffer.alloc((32 * job.records.length) / RECORD_WORDS);
  const failed: Failed[] = [];
  const targets = new TargetFiles();
  const done: Done = { finished: [], written: 0 };
  const memory = job.sources.filter(({ file }) => !file).map(({ bytes }) => bytes.buffer as ArrayBuffer);
  const sources: PackSource[] = [];
  try {
    for (const source of job.sources) sources.push(packSource(source));
    for (const { record, piece } of piecesOf(job, sources, failed)) {
      inner.set(piece.inner, 32 * record);
      place(job, record, piece.bytes, targets, done);
    }
    const problem = job.whole ? packProblem(job, sources[0]!, new Set(failed.map(({ record }) => record))) : undefined;
    const unread = failed.some((failure) => failure.unread);
    return { inner, failed, ...done, packProblem: problem, unread, memory };
  } catch (cause) {
    if (!(cause instanceof PackUnread)) throw cause;
    return { inner, failed: sources.length < job.sources.length ? allOf(job) : failed, ...done, unread: true, memory };
  } finally {
    targets.close();
    for (const source of sources) source.close();
  }
}

/** The file was not even opened. */
const allOf = ({ records }: UnpackJob): Failed[] =>
  Array.from({ length: records.length / RECORD_WORDS }, (_, record) => ({ record, message: UNREAD, unread: true }));

const UNREAD = 'its file could not be read';

/** Pieces that are right, one after the other; their bytes are valid until the next one. A base stays in memory while its deltas are opened. */
function* piecesOf(job: UnpackJob, sources: readonly PackSource[], failed: Failed[]): Generator<{ record: number; piece: OpenedPiece }> {
  const check = recordChecker(job, sources);
  let base: OpenedPiece | undefined;
  let baseProblem = 'its base was not read';
  for (let record = 0; record * RECORD_WORDS < job.records.length; record++) {
    const as = job.records[record * RECORD_WORDS + 6];
    if (as === RECORD_AS.listed) continue;
    if (as === RECORD_AS.delta && !base) {
      failed.push({ record, message: baseProblem, byBase: true });
      continue;
    }
    if (as === RECORD_AS.whole && base) release(base.bytes);
    const piece = tryRecord(() => check(record, as === RECORD_AS.delta ? base!.bytes : undefined), failed, record);
    if (as === RECORD_AS.whole) {
      base = piece;
      baseProblem = failed.at(-1)?.message ?? baseProblem;
    }
    if (piece) yield { record, piece };
    if (piece && as === RECORD_AS.delta) release(piece.bytes);
  }
  if (base) release(base.bytes);
}

/** Writes and finishes files whose content the job itself brings. */
export function writeFiles(job: WriteJob): undefined {
  const targets = new TargetFiles();
  try {
    for (const file of job.files) {
      targets.write(file, file.content, 0);
      targets.finish(file);
    }
  } finally {
    targets.close();
  }
}

function tryRecord<T>(check: () => T, failed: Failed[], record: number): T | undefined {
  try {
    return check();
  } catch (cause) {
    if (cause instanceof PackUnread) failed.push({ record, message: UNREAD, unread: true });
    else if (cause instanceof Malformed) failed.push({ record, message: cause.message });
    else throw cause;
    return undefined;
  }
}

let naming: { key: string; of: PieceNaming } | undefined;

function namingFor(idKey: Uint8Array): PieceNaming {
  const key = Buffer.from(idKey).toString('hex');
  if (naming?.key !== key) naming = { key, of: pieceNaming(idKey) };
  return naming.of;
}

/** GCM, length, then the id: HMAC(id key, SHA-256(piece)). */
function recordChecker({ sources: packs, ids, records, idKey }: UnpackJob, sources: readonly PackSource[]) {
  const openers = packs.map(({ key, belonging, kind }) => recordOpener(key, belonging, kind));
  const names = namingFor(idKey);
  return (i: number, base?: Uint8Array): OpenedPiece => {
    const [source, offset, length, record] = wordsOf(records, i);
    const sealed = sources[source]!.bytes(offset, offset + length);
    const id = ids.subarray(32 * i, 32 * i + 32);
    const piece = openers[source]!(id, record, sealed, base && (() => base));
    const inner = sha256(piece);
    if (Buffer.compare(names.id(inner), id) !== 0) throw new Malformed('a piece does not have the content its id names');
    return { bytes: piece, inner };
  };
}

/** Source, offset, sealed length, record number. */
const wordsOf = (records: Uint32Array, i: number) =>
  records.subarray(i * RECORD_WORDS, i * RECORD_WORDS + 4) as unknown as [number, number, number, number];

function place(job: UnpackJob, record: number, piece: Uint8Array, targets: TargetFiles, done: Done): void {
  const first = job.records[record * RECORD_WORDS + 4]!;
  const count = job.records[record * RECORD_WORDS + 5]!;
  const remaining = job.remaining && new Int32Array(job.remaining);
  for (let write = first; write < first + count; write++) {
    const file = job.files[job.writes[2 * write]!]!;
    targets.write(file, piece, job.writes[2 * write + 1]!);
    done.written += piece.length;
    if (!remaining || Atomics.sub(remaining, file.slot, 1) !== 1) continue;
    targets.finish(file);
    done.finished.push(file.slot);
  }
}
