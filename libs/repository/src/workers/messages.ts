import type { PackKind } from '../format/object-names.ts';
import type { Belonging } from '../format/seal.ts';
import type { KnownTable } from '../index/known-pieces.ts';
import type { CaptureFile, CaptureFinding } from '../types.ts';
import type { NamedPack } from './pack-source.ts';

/** What a worker thread has to know of a session before it captures for it. */
export interface SessionSetup {
  readonly type: 'session';
  /** Number of the session in this process. */
  readonly session: number;
  readonly backupId: string;
  readonly belonging: Belonging;
  /** The tenant's data key of the epoch in `belonging`, and its id key. */
  readonly secret: Uint8Array;
  readonly idKey: Uint8Array;
  readonly compressionLevel: number;
  readonly targets: Readonly<Record<PackKind, number>>;
  readonly tables: readonly KnownTable[];
  /** One Int32 per pack of the index: see PackTrust. */
  readonly trust: SharedArrayBuffer;
}

/** Where pieces of an earlier form of a file are found. */
export interface EarlierForm {
  /** A file of the source. */
  readonly path?: string;
  /** Ids of its pieces in the repository, 32 bytes each. */
  readonly pieces?: Uint8Array;
}

export type FileToRead = Omit<CaptureFile, 'earlierForms' | 'stream'> & { readonly forms?: readonly EarlierForm[] };

/** A full copy of a piece, sealed, and what opens it. */
export interface SealedPiece {
  readonly bytes: Uint8Array;
  readonly record: number;
  readonly kind: PackKind;
  readonly key: Uint8Array;
  readonly belonging: Belonging;
}

export interface CaptureJob {
  readonly type: 'capture';
  readonly session: number;
  readonly root: string;
  /** When the job was handed out; files changed after it, or just before, are racy. */
  readonly nowMs: number;
  readonly files: readonly FileToRead[];
}

export interface CapturedFile {
  readonly path: string;
  /** Missing when nothing could be read. */
  readonly entry?: { readonly start: number; readonly end: number };
  readonly size: number;
  readonly newBytes: number;
  readonly storedBytes: number;
  readonly finding?: CaptureFinding;
}

export interface CaptureResult {
  readonly files: readonly CapturedFile[];
  /** Encoded entries of all files, one after the other. */
  readonly entries: Uint8Array;
}

/** Ends the open packs of a session, or of all sessions. */
export interface FinishJob {
  readonly type: 'finish';
  readonly session?: number;
}

/** A file that records are written into; shared by all jobs that write into it. */
export interface TargetFile {
  /** Its number in the restore, and in `RestoreShare.remaining`. */
  readonly slot: number;
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
}

/** Some bytes of a pack, and what opens them. */
export interface PackBytes {
  readonly name: string;
  readonly kind: PackKind;
  readonly key: Uint8Array;
  readonly belonging: Belonging;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  /** Bytes of the pack from `start`; none where the thread reads them itself. */
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Where the thread reads the bytes from `start` to `end`. */
  readonly file?: { readonly path: string; readonly end: number };
}

/** Records to open and check, and where their pieces go. */
export interface UnpackJob {
  readonly type: 'unpack';
  /** The pack whose whole pieces are read; then those that deltas of these pieces lie in. */
  readonly sources: readonly PackBytes[];
  readonly idKey: Uint8Array;
  /** The first source is a whole pack: its header, footer and every other byte are checked too. */
  readonly whole: boolean;
  /** 32 bytes a record. */
  readonly ids: Uint8Array;
  /** Per record: source, offset in the pack, sealed length, record number, first write, number of writes, one of RECORD_AS. */
  readonly records: Uint32Array;
  /** Per write: index into `files`, offset in the file. */
  readonly writes: Float64Array;
  readonly files: readonly TargetFile[];
  /** Int32 per file of the restore: writes that are still to come. Whoever brings it to 0 finishes the file. */
  readonly remaining?: SharedArrayBuffer;
}

export const RECORD_WORDS = 7;
/** whole: a full copy. delta: of the last whole one before it. listed: only looked up in the footer; another job opens it. */
export const RECORD_AS = { whole: 0, delta: 1, listed: 2 } as const;

export interface UnpackResult {
  /** SHA-256 of every piece, 32 bytes a record; zeros where it failed, and for those that are only listed. */
  readonly inner: Uint8Array;
  /** Records that did not come back right. A delta whose base failed has the base's message. */
  readonly failed: readonly { readonly record: number; readonly message: string; readonly byBase?: boolean; readonly unread?: boolean }[];
  /** Some of a source's file could not be read: those records are among the failed ones, and what it says of the pack does not count. */
  readonly unread?: boolean;
  /** Slots of files that are complete now, and bytes written. */
  readonly finished: readonly number[];
  readonly written: number;
  /** What is wrong with the pack itself (only `whole`). */
  readonly packProblem?: string;
  /** Of the sources that came with bytes, given back. */
  readonly memory: readonly ArrayBuffer[];
}

/** Small files whose content lies in tree pages. */
export interface WriteJob {
  readonly type: 'write';
  readonly files: readonly (TargetFile & { readonly content: Uint8Array })[];
}

export type Job = CaptureJob | FinishJob | UnpackJob | WriteJob;
export type JobResult<J extends Job> = J extends CaptureJob ? CaptureResult : J extends UnpackJob ? UnpackResult : undefined;

export type ToWorker =
  | SessionSetup
  | { readonly type: 'table'; readonly session: number; readonly table: KnownTable }
  | { readonly type: 'end-session'; readonly session: number }
  /** To a thread with work: it exits by itself once the message reaches it, never in the middle of a call into zstd or the system. */
  | { readonly type: 'close' }
  | { readonly type: 'buffer'; readonly kind: PackKind; readonly buffer: ArrayBuffer }
  /** A pack whose trust the worker is to decide; none when it could not be read. */
  | { readonly type: 'named-pack'; readonly session: number; readonly pack: number; readonly found?: NamedPack }
  /** The answer to 'base'. `id`: hex. */
  | { readonly type: 'sealed-piece'; readonly session: number; readonly id: string; readonly piece?: SealedPiece }
  | { readonly type: 'job'; readonly job: number; readonly work: Job };

export interface DeliveredPack {
  readonly type: 'pack';
  readonly session: number;
  readonly kind: PackKind;
  readonly name: string;
  readonly epoch: number;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly buffer: ArrayBuffer;
  readonly size: number;
  /** encodeFooter of the pack. */
  readonly footer: Uint8Array;
}

export interface ThreadError {
  readonly code: string;
  readonly message: string;
}

export type FromWorker =
  | { readonly type: 'done'; readonly job: number; readonly result: unknown }
  | { readonly type: 'failed'; readonly job: number; readonly error: ThreadError }
  | { readonly type: 'need'; readonly kind: PackKind }
  /** The buffer of a pack that a session left open when it ended. */
  | { readonly type: 'give-back'; readonly kind: PackKind; readonly buffer: ArrayBuffer }
  | { readonly type: 'check'; readonly session: number; readonly pack: number }
  /** Asks for a full copy of a piece that counts. */
  | { readonly type: 'base'; readonly session: number; readonly id: Uint8Array }
  | DeliveredPack;
