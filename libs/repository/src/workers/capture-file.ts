import type { SourceFile, SourceFolder, SyncSourceHandle } from '@dr/storage';
import { DrError } from '@dr/storage';
import { cutsOf, DEFAULT_CHUNKER } from '../chunkers/chunker.ts';
import { v3HeaderEnd } from '../chunkers/v3-header.ts';
import { sha256 } from '../format/hashes.ts';
import type { PackKind } from '../format/object-names.ts';
import { PIECE_BYTES_MAX } from '../format/record.ts';
import { type EntryBody, INLINE_BYTES_MAX, PIECES_PER_FILE_MAX } from '../format/tree-entry.ts';
import type { CaptureFile, CaptureFinding, Chunker } from '../types.ts';
import { type EarlierParts, EarlierPieces } from './earlier-pieces.ts';
import type { FileToRead } from './messages.ts';
import type { PieceWriter } from './piece-writer.ts';
import { isRacy } from './racy.ts';

/** Files below it go into meta packs: read at every inspection of a backup, so kept apart from the bulk. */
const META_FILE_BYTES = 16 * 1024;

export interface FileOutcome {
  readonly body?: EntryBody;
  readonly size: number;
  readonly newBytes: number;
  readonly storedBytes: number;
  readonly finding?: CaptureFinding;
}

let scratch: Buffer | undefined;

/** What a piece is read into. A thread captures one file at a time, for whichever session. */
function pieceMemory(): Buffer {
  scratch ??= Buffer.allocUnsafeSlow(PIECE_BYTES_MAX);
  return scratch;
}

/** Reads one file, stores its pieces and says what stands in the tree. Never throws for what is wrong with the file itself. */
export class FileCapture {
  readonly #writer: PieceWriter;
  readonly #earlier: EarlierParts;

  constructor(writer: PieceWriter, earlier: EarlierParts) {
    this.#writer = writer;
    this.#earlier = earlier;
  }

  async capture(file: FileToRead, folder: SourceFolder, nowMs: number): Promise<FileOutcome> {
    if (file.content) return this.#store(file, bytesOf(file.content), folder, file, false);
    let handle: SyncSourceHandle;
    try {
      handle = folder.openSync(file.path);
    } catch (cause) {
      return lost(file.path, cause);
    }
    try {
      return await this.#read(file, handle, folder, nowMs);
    } finally {
      handle.close();
    }
  }

  async #read(file: FileToRead, handle: SyncSourceHandle, folder: SourceFolder, nowMs: number): Promise<FileOutcome> {
    const before = handle.stat();
    const other = file.exact ? changeOf(file, before) : undefined;
    if (other) return gone(file.path, other);
    const racy = isRacy(before, nowMs);
    const source: Source = { size: before.size, read: (buffer, position) => handle.read(buffer, position) };
    let outcome: FileOutcome;
    try {
      outcome = await this.#store(file, source, folder, before, racy);
    } catch (cause) {
      if (cause instanceof DrError && cause.code.startsWith('source.')) return lost(file.path, cause);
      throw cause;
    }
    const change =
      changeOf(file, before) ?? changeOf(before, handle.stat()) ?? (outcome.size === before.size ? undefined : 'it became shorter');
    if (change && file.exact) return gone(file.path, change);
    return change && !outcome.finding ? { ...outcome, finding: { path: file.path, kind: 'changed', message: change } } : outcome;
  }

  async #store(file: FileToRead, source: Source, folder: SourceFolder, identity: Identity, racy: boolean): Promise<FileOutcome> {
    const { mode, uid, gid, mtimeNs, ctimeNs, ino } = identity;
    const head = { kind: 'file' as const, racy, mode, uid, gid, mtimeNs, ctimeNs, ino, etag: file.etag };
    if (source.size <= INLINE_BYTES_MAX) {
      const inline = this.#fill(source, 0, source.size);
      return { body: { ...head, size: inline.length, inline: Buffer.from(inline) }, size: inline.length, newBytes: 0, storedBytes: 0 };
    }
    const chunker = this.#chunkerFor(file.chunker ?? DEFAULT_CHUNKER, source);
    if (!chunker) return tooLarge(file.path, source.size);
    const earlier = file.forms && new EarlierPieces(this.#earlier, file.forms, folder, chunker);
    try {
      const { pieces, digest, size, newBytes, storedBytes } = await this.#pieces(file.path, source, chunker, earlier);
      return { body: { ...head, size, digest, pieces, chunker }, size, newBytes, storedBytes };
    } finally {
      earlier?.close();
    }
  }

  async #pieces(path: string, source: Source, chunker: Chunker, earlier: EarlierPieces | undefined) {
    const kind: PackKind = source.size < META_FILE_BYTES ? 'meta' : 'data';
    const next = cutsOf(chunker, source.size, () => v3HeaderEnd((position, length) => this.#fill(source, position, length), source.size));
    const pieces: { id: Uint8Array; length: number }[] = [];
    const inner: Uint8Array[] = [];
    const sums = { size: 0, newBytes: 0, storedBytes: 0 };
    while (sums.size < source.size) {
      const end = next(sums.size);
      const piece = this.#fill(source, sums.size, end - sums.size);
      if (piece.length === 0) break;
      const put = await this.#writer.put(kind, piece, path, earlier && (() => earlier.baseOf(pieces.length)));
      pieces.push({ id: put.id, length: piece.length });
      inner.push(put.inner);
      sums.size += piece.length;
      if (put.stored > 0) sums.newBytes += piece.length;
      sums.storedBytes += put.stored;
      if (sums.size < end) break;
    }
    const digest = inner.length === 1 ? inner[0]! : sha256(Buffer.concat(inner));
    return { pieces, digest, ...sums };
  }

  /** The chunker that is used: 'fixed' pieces grow so that a file has at most PIECES_PER_FILE_MAX; undefined when even the longest are too short. */
  #chunkerFor(chunker: Chunker, source: Source): Chunker | undefined {
    if (source.size > PIECES_PER_FILE_MAX * PIECE_BYTES_MAX * 0.99) return undefined;
    if (chunker.name === 'cuts') return chunker.cuts.length < PIECES_PER_FILE_MAX / 2 ? chunker : this.#chunkerFor(DEFAULT_CHUNKER, source);
    return source.size / chunker.size > PIECES_PER_FILE_MAX / 2 ? { ...chunker, size: PIECE_BYTES_MAX } : chunker;
  }

  #fill(source: Source, position: number, length: number): Buffer {
    const view = pieceMemory().subarray(0, length);
    return view.subarray(0, source.read(view, position));
  }
}

type Identity = Pick<CaptureFile, 'mode' | 'uid' | 'gid' | 'mtimeNs' | 'ctimeNs' | 'ino'>;

interface Source {
  readonly size: number;
  /** Fills the buffer from `position`; @returns bytes, fewer only at the end. */
  read(buffer: Buffer, position: number): number;
}

function bytesOf(content: Uint8Array): Source {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return { size: bytes.length, read: (buffer, position) => bytes.copy(buffer, 0, position) };
}

/** What differs between the file that was listed and the file that is there. */
function changeOf(listed: Pick<SourceFile, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino'>, found: SourceFile): string | undefined {
  if (listed.size !== found.size) return `it has ${found.size} bytes, not ${listed.size} as listed`;
  if (listed.ino !== found.ino) return 'it is another file than the one listed';
  return listed.mtimeNs === found.mtimeNs && listed.ctimeNs === found.ctimeNs ? undefined : 'it was written after it was listed';
}

function lost(path: string, cause: unknown): FileOutcome {
  const missing = cause instanceof DrError && cause.code === 'source.missing';
  const message = cause instanceof Error ? cause.message : String(cause);
  return { size: 0, newBytes: 0, storedBytes: 0, finding: { path, kind: missing ? 'missing' : 'unreadable', message } };
}

/** It was to be the file that was listed, and nothing else. */
function gone(path: string, change: string): FileOutcome {
  return {
    size: 0,
    newBytes: 0,
    storedBytes: 0,
    finding: { path, kind: 'missing', message: `it is not there any more as it was: ${change}` },
  };
}

function tooLarge(path: string, size: number): FileOutcome {
  const message = `it has ${size} bytes; this version stores files up to ${Math.floor((PIECES_PER_FILE_MAX * PIECE_BYTES_MAX) / 1e9)} GB`;
  return { size: 0, newBytes: 0, storedBytes: 0, finding: { path, kind: 'unreadable', message } };
}
