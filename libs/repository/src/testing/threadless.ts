import { randomBytes } from 'node:crypto';
import type { SourceFolder } from '@dr/storage';
import { Malformed } from '../errors.ts';
import { deltaCompressor } from '../format/delta.ts';
import { pieceNaming, sha256 } from '../format/hashes.ts';
import { recordOpener } from '../format/pack-reader.ts';
import { type FinishedPack, packBufferBytes } from '../format/pack-writer.ts';
import { pieceCompressor } from '../format/record.ts';
import { newSeal } from '../format/seal.ts';
import { packRows, type Segment } from '../format/segment.ts';
import { buildFilter } from '../format/segment-filter.ts';
import type { EntryBody } from '../format/tree-entry.ts';
import { KnownPieces, newTable } from '../index/known-pieces.ts';
import { type Copy, type Location, PieceIndex } from '../index/piece-index.ts';
import type { Chunker } from '../types.ts';
import { FileCapture } from '../workers/capture-file.ts';
import type { SealedPiece } from '../workers/messages.ts';
import { PieceWriter } from '../workers/piece-writer.ts';
import { GOLDEN_OWNER, GOLDEN_SECRET } from './golden-deltas.ts';

const TARGET = 1 << 18;
const identity = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 1n, kind: 'file' as const };
const naming = pieceNaming(Buffer.alloc(32, 9));
const NO_FOLDER = {} as SourceFolder;

export interface Version {
  readonly content: Buffer;
  readonly chunker: Chunker;
}

/** Sessions one after the other, in this thread and without a store: what files become in packs and index, and back. */
export class Threadless {
  readonly index = new PieceIndex();
  /** By ordinal; tests damage the bytes. */
  readonly packs: { name: string; bytes: Buffer; key: Uint8Array }[] = [];
  readonly #entries: FinishedPack['entries'][] = [];

  /** Stores a file as one session does. @param earlier the entry of the form before. */
  async capture({ content, chunker }: Version, earlier?: EntryBody, level = 1): Promise<EntryBody> {
    const known = this.#known();
    const finished: { pack: FinishedPack; key: Uint8Array }[] = [];
    let seal = newSeal(GOLDEN_OWNER, 'data', GOLDEN_SECRET, randomBytes(32));
    const writer = new PieceWriter({
      backupId: 'backup_x',
      naming,
      known,
      compress: pieceCompressor(level),
      delta: deltaCompressor(level),
      newSeal: (kind) => (seal = newSeal(GOLDEN_OWNER, kind, GOLDEN_SECRET, randomBytes(32))),
      targets: { data: TARGET, meta: TARGET },
      sink: {
        obtain: async () => Buffer.allocUnsafeSlow(packBufferBytes(TARGET)),
        deliver: (_, pack) => finished.push({ pack, key: seal.key }),
        trust: () => true,
      },
    });
    const capture = new FileCapture(writer, { known, naming, sealedPiece: async (id) => this.#sealed(id) });
    const pieces = earlier?.pieces && Buffer.concat(earlier.pieces.map(({ id }) => id));
    const file = { ...identity, path: 'a file', size: content.length, content, chunker, ...(pieces && { forms: [{ pieces }] }) };
    const { body } = await capture.capture(file, NO_FOLDER, 0);
    for (const kind of ['data', 'meta'] as const) writer.finish(kind);
    for (const { pack, key } of finished) this.#shelve(pack, key);
    return body!;
  }

  /** The bytes behind an entry. @throws Malformed when a piece cannot be had right. */
  read(entry: EntryBody): Buffer {
    if (entry.inline) return Buffer.from(entry.inline);
    return Buffer.concat((entry.pieces ?? []).map(({ id }) => this.piece(id)));
  }

  piece(id: Uint8Array): Uint8Array {
    for (const copy of this.index.copies(id)) return this.#open(id, copy);
    throw new Malformed('a piece is not in the index');
  }

  /** What a segment over all packs holds. */
  segment(): Segment {
    const rows = this.#entries.flatMap((entries, pack) => entries.map((entry, record) => ({ ...entry, pack, record })));
    const filter = buildFilter(
      rows.map(({ id }) => id.subarray(0, 16)),
      rows.length,
    );
    return { session: 'backup_x', packs: this.index.packs, ...packRows(rows), fences: Buffer.alloc(0), filter };
  }

  #shelve({ name, header, bytes, entries }: FinishedPack, key: Uint8Array): void {
    const { kind, epoch, salt, commitment } = header;
    this.index.addPack({ name, kind: kind as 'data' | 'meta', size: bytes.length, epoch, salt, commitment }, entries);
    this.packs.push({ name, bytes: Buffer.from(bytes), key });
    this.#entries.push(entries);
  }

  #known(): KnownPieces {
    const known = new KnownPieces([newTable(this.index.size + 1)]);
    for (const deltas of [false, true])
      this.index.forEach((prefix, pack, base) => {
        if (deltas === (base !== undefined)) known.enter(prefix, base ? 'own' : pack);
      });
    return known;
  }

  #sealed(id: Uint8Array): SealedPiece | undefined {
    for (const { pack, offset, length, record } of this.index.fullCopies(id, () => true)) {
      const { bytes, key } = this.packs[pack]!;
      const { kind } = this.index.packs[pack]!;
      return { bytes: new Uint8Array(bytes.subarray(offset, offset + length)), record, kind, key, belonging: GOLDEN_OWNER };
    }
    return undefined;
  }

  #open(id: Uint8Array, { location, base }: Copy): Uint8Array {
    const needed = base && this.#record(base.id, base.location);
    return this.#record(id, location, needed);
  }

  #record(id: Uint8Array, { pack, offset, length, record }: Location, base?: Uint8Array): Uint8Array {
    const { bytes, key } = this.packs[pack]!;
    const open = recordOpener(key, GOLDEN_OWNER, this.index.packs[pack]!.kind);
    const piece = open(id, record, bytes.subarray(offset, offset + length), base && (() => base));
    if (Buffer.compare(naming.id(sha256(piece)), id) !== 0) throw new Malformed('a piece does not have the content its id names');
    return piece;
  }
}
