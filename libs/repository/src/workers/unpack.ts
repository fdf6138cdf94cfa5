import { Malformed } from '../errors.ts';
import { type PieceNaming, pieceNaming, sha256, sha256Hex } from '../format/hashes.ts';
import { decodeTrailer, openFooter, recordOpener } from '../format/pack-reader.ts';
import { release } from '../format/release.ts';
import { decodeHeader } from '../format/seal.ts';
import { RECORD_WORDS, type UnpackJob, type UnpackResult, type WriteJob } from './messages.ts';
import { TargetFiles } from './target-files.ts';

/** Opens and checks records of one pack, and writes what is right where it belongs. Damage is in the result; @throws TargetFailed only. */
export function unpack(job: UnpackJob): UnpackResult {
  const count = job.records.length / RECORD_WORDS;
  const inner = Buffer.alloc(32 * count);
  const failed: { record: number; message: string }[] = [];
  const check = recordChecker(job);
  const targets = new TargetFiles();
  const done = { finished: 0, written: 0 };
  try {
    for (let i = 0; i < count; i++) {
      const piece = tryRecord(() => check(i), failed, i);
      if (!piece) continue;
      inner.set(piece.inner, 32 * i);
      place(job, i, piece.bytes, targets, done);
      release(piece.bytes);
    }
  } finally {
    targets.close();
  }
  const problem = job.whole ? packProblem(job) : undefined;
  release(job.bytes);
  return { inner, failed, ...done, packProblem: problem };
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

function tryRecord<T>(check: () => T, failed: { record: number; message: string }[], record: number): T | undefined {
  try {
    return check();
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    failed.push({ record, message: cause.message });
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
function recordChecker({ pack, bytes, start, ids, records, idKey }: UnpackJob) {
  const open = recordOpener(pack.key, pack.belonging, pack.kind);
  const names = namingFor(idKey);
  return (i: number): { bytes: Uint8Array; inner: Buffer } => {
    const [offset, length, record] = records.subarray(i * RECORD_WORDS, i * RECORD_WORDS + 3) as unknown as [number, number, number];
    if (offset < start || offset - start + length > bytes.length) throw new Malformed('the object ends before a record does');
    const id = ids.subarray(32 * i, 32 * i + 32);
    const piece = open(id, record, bytes.subarray(offset - start, offset - start + length));
    const inner = sha256(piece);
    if (Buffer.compare(names.id(inner), id) !== 0) throw new Malformed('a piece does not have the content its id names');
    return { bytes: piece, inner };
  };
}

function place(job: UnpackJob, record: number, piece: Uint8Array, targets: TargetFiles, done: { finished: number; written: number }): void {
  const first = job.records[record * RECORD_WORDS + 3]!;
  const count = job.records[record * RECORD_WORDS + 4]!;
  const remaining = job.remaining && new Int32Array(job.remaining);
  for (let write = first; write < first + count; write++) {
    const file = job.files[job.writes[2 * write]!]!;
    targets.write(file, piece, job.writes[2 * write + 1]!);
    done.written += piece.length;
    if (!remaining || Atomics.sub(remaining, file.slot, 1) !== 1) continue;
    targets.finish(file);
    done.finished++;
  }
}

/** Name, header and footer of a whole pack. */
function packProblem({ pack, bytes, ids, records }: UnpackJob): string | undefined {
  if (sha256Hex(bytes) !== pack.name) return 'its bytes do not have the SHA-256 that its name says';
  try {
    const header = decodeHeader(bytes, pack.kind, pack.name);
    if (Buffer.compare(header.commitment, pack.commitment) !== 0) return 'its header is not the one that the index knows';
    const trailer = decodeTrailer(bytes, bytes.length);
    const sealed = bytes.subarray(trailer.footerAt, trailer.footerAt + trailer.footerLength);
    const { entries } = openFooter(pack.key, pack.belonging, pack.kind, sealed, trailer);
    for (let i = 0; i * RECORD_WORDS < records.length; i++) {
      const [offset, length, record] = records.subarray(i * RECORD_WORDS, i * RECORD_WORDS + 3) as unknown as [number, number, number];
      const entry = entries[record];
      const same = entry?.offset === offset && entry.length === length && Buffer.compare(entry.id, ids.subarray(32 * i, 32 * i + 32)) === 0;
      if (!same) return 'its footer does not have a record that the index knows';
    }
    return undefined;
  } catch (cause) {
    return (cause as Error).message;
  }
}
