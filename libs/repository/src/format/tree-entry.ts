import { Malformed } from '../errors.ts';
import type { Chunker, EntryKind, TreeEntry } from '../types.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { sha256Hex } from './hashes.ts';

/** Files up to this many bytes lie in the tree page itself. */
export const INLINE_BYTES_MAX = 512;
/** Keeps an entry, and so a page, below the longest piece. */
export const PIECES_PER_FILE_MAX = 65_536;

const KINDS: readonly EntryKind[] = ['file', 'dir', 'symlink'];
const UNKNOWN_KIND = 'a tree entry has a kind that a later version wrote';
const FLAG_RACY = 4;
const FLAG_INLINE = 8;
const FLAG_ETAG = 16;
const FLAG_PINNED = 32;
const FLAGS_KNOWN = 63;
const CHUNKERS: readonly Chunker['name'][] = ['fixed', 'cuts', 'v3-chunk'];

/** Everything of a tree entry but its path; what a worker thread hands back for a file. `digest` and piece ids have 32 bytes. */
export interface EntryBody {
  readonly kind: EntryKind;
  readonly racy: boolean;
  /** A file whose bytes are not in the repository: only what identifies it. */
  readonly pinned?: boolean;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly etag?: string;
  readonly inline?: Uint8Array;
  readonly digest?: Uint8Array;
  readonly pieces?: readonly { readonly id: Uint8Array; readonly length: number }[];
  readonly chunker?: Chunker;
  readonly linkTarget?: string;
}

/**
 * u8 kind and flags, mode, owner, times, inode, etag if any; then by kind: inline bytes; or size, digest, chunker and pieces; or, pinned, the size alone; or
 * the link's target.
 */
export function encodeEntry(body: EntryBody, writer: ByteWriter = new ByteWriter()): ByteWriter {
  writer.u8(KINDS.indexOf(body.kind) | flagsOf(body));
  writer.varint(body.mode).varint(body.uid).varint(body.gid).i64(body.mtimeNs).i64(body.ctimeNs).i64(body.ino);
  if (body.etag !== undefined) writer.sized(Buffer.from(body.etag));
  if (body.kind === 'symlink') writer.sized(Buffer.from(body.linkTarget ?? ''));
  if (body.kind !== 'file') return writer;
  if (body.pinned) return writer.varint(body.size);
  if (body.inline) return writer.sized(body.inline);
  return encodePieces(body, writer);
}

function flagsOf({ kind, racy, pinned, inline, etag }: EntryBody): number {
  const content = kind !== 'file' ? 0 : pinned ? FLAG_PINNED : inline ? FLAG_INLINE : 0;
  return content | (racy ? FLAG_RACY : 0) | (etag === undefined ? 0 : FLAG_ETAG);
}

function encodePieces(body: EntryBody, writer: ByteWriter): ByteWriter {
  const pieces = body.pieces ?? [];
  writer.varint(body.size).bytes(body.digest!);
  encodeChunker(body.chunker, writer);
  writer.varint(pieces.length);
  for (const piece of pieces) writer.bytes(piece.id).varint(piece.length);
  return writer;
}

/** Name and version of the chunker with its parameters; where 'cuts' cut is seen from the pieces. */
function encodeChunker(chunker: Chunker | undefined, writer: ByteWriter): void {
  writer.u8(chunker ? CHUNKERS.indexOf(chunker.name) + 1 : 0);
  if (!chunker) return;
  writer.u8(chunker.version);
  if (chunker.name !== 'cuts') writer.varint(chunker.size);
  if (chunker.name === 'fixed') writer.varint(chunker.from);
}

/** @throws Malformed. */
export function decodeEntry(path: string, bytes: Uint8Array): TreeEntry {
  const reader = new ByteReader(bytes);
  const { inline, pinned, ...head } = decodeHead(reader);
  const content = pinned ? { size: reader.varint(), pieces: [], pinned: true as const } : decodeContent(reader, head.kind, inline);
  const entry = { path, ...head, ...content };
  reader.end('a tree entry');
  return entry;
}

function decodeHead(reader: ByteReader) {
  const flags = reader.u8();
  const kind = KINDS[flags & 3];
  if (kind === undefined || flags > FLAGS_KNOWN) throw new Malformed(UNKNOWN_KIND);
  const [inline, pinned] = [(flags & FLAG_INLINE) !== 0, (flags & FLAG_PINNED) !== 0];
  if (pinned && (inline || kind !== 'file')) throw new Malformed('a tree entry is pinned and something else at once');
  const [mode, uid, gid] = [reader.varint(), reader.varint(), reader.varint()];
  const [mtimeNs, ctimeNs, ino] = [reader.i64(), reader.i64(), BigInt.asUintN(64, reader.i64())];
  const etag = (flags & FLAG_ETAG) !== 0 ? { etag: reader.sized().toString() } : {};
  return { kind, mode, uid, gid, mtimeNs, ctimeNs, ino, racy: (flags & FLAG_RACY) !== 0, inline, pinned, ...etag };
}

/** What tells whether a file is still the one that was captured, and the pieces that its bytes need (they share memory with the entry). */
export type CapturedIdentity = Omit<ReturnType<typeof decodeHead>, 'kind' | 'inline'> & {
  readonly etag?: string;
  readonly size: number;
  readonly pieceIds: readonly Uint8Array[];
};

/** The identity in an encoded entry, several times as fast as decodeEntry; undefined for what is no file. @throws Malformed. */
export function capturedIdentity(body: Uint8Array): CapturedIdentity | undefined {
  const reader = new ByteReader(body);
  const { kind, inline, ...head } = decodeHead(reader);
  if (kind !== 'file') return undefined;
  if (inline) return { ...head, size: reader.sized().length, pieceIds: [] };
  const size = reader.varint();
  return { ...head, size, pieceIds: head.pinned ? [] : decodePieceIds(reader) };
}

/** Whether an encoded entry is of a file that is only pinned. */
export const isPinned = (body: Uint8Array): boolean => (body[0]! & FLAG_PINNED) !== 0;

const TIMES_AND_INODE_BYTES = 24;

/** The ids of the pieces that an encoded entry needs, without decoding the rest (they share memory with it). @throws Malformed. */
export function piecesNeeded(body: Uint8Array): readonly Uint8Array[] {
  const flags = body[0]!;
  if (flags > FLAGS_KNOWN || KINDS[flags & 3] === undefined) throw new Malformed(UNKNOWN_KIND);
  if (KINDS[flags & 3] !== 'file' || (flags & (FLAG_INLINE | FLAG_PINNED)) !== 0) return [];
  const reader = new ByteReader(body);
  reader.u8();
  for (let numbers = 0; numbers < 3; numbers++) reader.varint();
  reader.bytes(TIMES_AND_INODE_BYTES);
  if ((flags & FLAG_ETAG) !== 0) reader.sized();
  reader.varint();
  return decodePieceIds(reader);
}

/** What follows the size of a file with pieces. */
function decodePieceIds(reader: ByteReader): Uint8Array[] {
  reader.bytes(32);
  decodeChunker(reader);
  const pieceIds: Uint8Array[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    pieceIds.push(reader.bytes(32));
    reader.varint();
  }
  return pieceIds;
}

type Content = Pick<TreeEntry, 'size' | 'digest' | 'pieces' | 'inline' | 'linkTarget' | 'chunker'>;

function decodeContent(reader: ByteReader, kind: EntryKind, inline: boolean): Content {
  if (kind === 'dir') return { size: 0, pieces: [] };
  if (kind === 'symlink') {
    const linkTarget = reader.sized().toString();
    return { size: Buffer.byteLength(linkTarget), pieces: [], linkTarget };
  }
  if (!inline) return decodePieces(reader);
  const bytes = reader.sized();
  return { size: bytes.length, pieces: [], inline: bytes, digest: sha256Hex(bytes) };
}

function decodePieces(reader: ByteReader): Content {
  const size = reader.varint();
  const digest = reader.bytes(32).toString('hex');
  const chunker = decodeChunker(reader);
  const count = reader.varint();
  if (count > PIECES_PER_FILE_MAX) throw new Malformed(`a tree entry lists ${count} pieces, more than a file has`);
  const pieces = Array.from({ length: count }, () => ({ id: reader.bytes(32).toString('hex'), length: reader.varint() }));
  if (pieces.reduce((sum, piece) => sum + piece.length, 0) !== size) throw new Malformed('the pieces of a file do not add up to its size');
  return { size, digest, pieces, chunker: chunker === 'cuts' ? cutsFrom(pieces) : chunker };
}

function decodeChunker(reader: ByteReader): Chunker | 'cuts' | undefined {
  const code = reader.u8();
  if (code === 0) return undefined;
  const name = CHUNKERS[code - 1];
  if (name === undefined || reader.u8() !== 1) throw new Malformed('a file was cut by a chunker that a later version wrote');
  if (name === 'cuts') return name;
  const size = reader.varint();
  return name === 'fixed' ? { name, version: 1, size, from: reader.varint() } : { name, version: 1, size };
}

function cutsFrom(pieces: readonly { length: number }[]): Chunker {
  let end = 0;
  return { name: 'cuts', version: 1, cuts: pieces.slice(0, -1).map((piece) => (end += piece.length)) };
}
