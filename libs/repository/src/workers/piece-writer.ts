import { DELTA_FROM_BYTES, type DeltaBase, type DeltaCompressor } from '../format/delta.ts';
import { type PieceNaming, sha256 } from '../format/hashes.ts';
import type { PackKind } from '../format/object-names.ts';
import { type FinishedPack, PackWriter } from '../format/pack-writer.ts';
import type { EncodedPiece, pieceCompressor } from '../format/record.ts';
import { release } from '../format/release.ts';
import type { SealHeader } from '../format/seal.ts';
import type { Claim, KnownPieces } from '../index/known-pieces.ts';

/** Where packs come from and go to. */
export interface PackSink {
  /** A buffer of packBufferBytes(target); waits until one is free. */
  obtain(kind: PackKind): Promise<Buffer>;
  /** Takes a finished pack, buffer and all. */
  deliver(kind: PackKind, pack: FinishedPack): void;
  /** Whether a pack of the index may be counted on; `full` backups have it read first. */
  trust(pack: number): boolean | Promise<boolean>;
}

export interface PieceWriterParts {
  readonly backupId: string;
  readonly naming: PieceNaming;
  readonly known: KnownPieces;
  readonly sink: PackSink;
  readonly compress: ReturnType<typeof pieceCompressor>;
  /** Missing: nothing is stored as a delta. */
  readonly delta?: DeltaCompressor;
  /** A header with a fresh salt, and its key. */
  readonly newSeal: (kind: PackKind) => { header: SealHeader; key: Uint8Array };
  /** Bytes at which a pack ends. */
  readonly targets: Readonly<Record<PackKind, number>>;
}

export interface StoredPiece {
  readonly id: Buffer;
  /** SHA-256 of the piece. */
  readonly inner: Buffer;
  /** Sealed bytes; 0 when the piece was there already. */
  readonly stored: number;
}

/** Stores pieces that are not known yet in the packs of one thread. Calls must not overlap. */
export class PieceWriter {
  readonly #parts: PieceWriterParts;
  readonly #open: Partial<Record<PackKind, PackWriter>> = {};

  constructor(parts: PieceWriterParts) {
    this.#parts = parts;
  }

  /** @param path for messages. @param baseOf asked for what the piece may be a delta of, when it has to be stored. @throws SealMismatch. */
  async put(kind: PackKind, piece: Uint8Array, path: string, baseOf?: () => Promise<DeltaBase | undefined>): Promise<StoredPiece> {
    const inner = sha256(piece);
    const id = this.#parts.naming.id(inner);
    const claim = this.#parts.known.claim(id);
    if (claim !== 'mine' && (await this.#isStored(id, claim))) return { id, inner, stored: 0 };
    const base = piece.length < DELTA_FROM_BYTES ? undefined : await baseOf?.();
    const record = this.#encoded(piece, base);
    const pack = await this.#packFor(kind, record.payload.length);
    const stored = pack.append(id, piece, record, path, base?.bytes);
    record.payload.release();
    if (base) release(base.bytes);
    if (pack.full) this.finish(kind);
    return { id, inner, stored };
  }

  #encoded(piece: Uint8Array, base: DeltaBase | undefined): EncodedPiece {
    const { compress, delta } = this.#parts;
    const full = compress(piece);
    return base && delta ? delta(piece, base, full) : full;
  }

  /** Ends the open pack of a kind. */
  finish(kind: PackKind): void {
    const pack = this.#open[kind];
    if (!pack || pack.records === 0) return;
    this.#open[kind] = undefined;
    this.#parts.sink.deliver(kind, pack.finish());
  }

  /** Gives the open packs up: nothing refers to their pieces. @returns their buffers */
  drop(): { kind: PackKind; buffer: Buffer }[] {
    return (['data', 'meta'] as const).flatMap((kind) => {
      const pack = this.#open[kind];
      this.#open[kind] = undefined;
      return pack ? [{ kind, buffer: pack.drop() }] : [];
    });
  }

  async #isStored(id: Buffer, claim: Exclude<Claim, 'mine'>): Promise<boolean> {
    if (claim === 'own') return true;
    return (await this.#parts.sink.trust(claim)) || !this.#parts.known.takeOver(id, claim);
  }

  async #packFor(kind: PackKind, payloadBytes: number): Promise<PackWriter> {
    const open = this.#open[kind];
    if (open?.fits(payloadBytes)) return open;
    this.finish(kind);
    const { backupId, newSeal, sink, targets } = this.#parts;
    const buffer = await sink.obtain(kind);
    const pack = new PackWriter(buffer, newSeal(kind), { session: backupId, target: targets[kind] });
    this.#open[kind] = pack;
    return pack;
  }
}
