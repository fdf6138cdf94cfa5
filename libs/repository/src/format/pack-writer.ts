import { createSecretKey, type KeyObject } from 'node:crypto';
import { Malformed, SealMismatch } from '../errors.ts';
import { ByteWriter } from './bytes.ts';
import { sha256Hex } from './hashes.ts';
import { encodeFooter, footerBytes, type PackEntry, RECORDS_MAX } from './pack-entries.ts';
import { BASE_ID_BYTES, type EncodedPiece, encodeRecordHeader, holds, PIECE_BYTES_MAX, RECORD_HEADER_BYTES } from './record.ts';
import { associatedData, encodeHeader, HEADER_BYTES, nonce, opensAs, partName, type SealHeader, sealInto, TAG_BYTES } from './seal.ts';

/** Packs end at a multiple of it, so that their sizes say little about what is in them. */
export const PACK_PADDING = 4096;
/** At the very end: magic, u32 offset and u32 sealed length of the footer, u32 records. */
export const TRAILER_BYTES = 16;
export const TRAILER_MAGIC = 'DRPE';
export const FOOTER_PART = partName('footer');

/** A finished pack: its bytes are final, its name is their SHA-256. */
export interface FinishedPack {
  readonly name: string;
  readonly header: SealHeader;
  readonly bytes: Buffer;
  readonly entries: readonly PackEntry[];
}

const SPARE_BYTES = 64 * 1024;

/** Size of a buffer for packs of `target` bytes; every pack can hold at least one record of any size. */
export const packBufferBytes = (target: number): number =>
  Math.ceil(Math.max(target, PIECE_BYTES_MAX) / PACK_PADDING) * PACK_PADDING + SPARE_BYTES;

/**
 * Fills one buffer with one pack: header, sealed records, sealed footer, zeros, trailer. Nonce = record number. Each record is opened and compared with
 * the piece once, before it counts. Source: REPOSITORY.md section 2, Packs; docs/repository-format.md.
 */
export class PackWriter {
  readonly #buffer: Buffer;
  readonly #target: number;
  readonly #header: SealHeader;
  readonly #key: KeyObject;
  readonly #aad: (part: Uint8Array) => Buffer;
  readonly #session: string;
  readonly #entries: PackEntry[] = [];
  #end = HEADER_BYTES;
  #deltas = 0;

  /** @param seal a new one: fresh salt. @param buffer at least HEADER_BYTES + footer; records that do not fit go to the next pack. */
  constructor(buffer: Buffer, seal: { header: SealHeader; key: Uint8Array }, options: { session: string; target: number }) {
    this.#buffer = buffer;
    this.#target = options.target;
    this.#session = options.session;
    this.#header = seal.header;
    this.#key = createSecretKey(seal.key);
    this.#aad = associatedData(seal.header, seal.header.kind);
    buffer.set(encodeHeader(seal.header));
  }

  get records(): number {
    return this.#entries.length;
  }

  /** Whether the target or the record limit is reached. */
  get full(): boolean {
    return this.#end >= this.#target || this.#entries.length >= RECORDS_MAX;
  }

  /** Whether a payload of so many bytes still fits into the buffer. */
  fits(payloadBytes: number): boolean {
    const record = RECORD_HEADER_BYTES + BASE_ID_BYTES + payloadBytes + TAG_BYTES;
    const footer = footerBytes(this.#entries.length + 1, this.#deltas + 1, this.#session);
    return this.#end + record + footer + TRAILER_BYTES + PACK_PADDING <= this.#buffer.length;
  }

  /** Seals one piece. @param path for the message of SealMismatch. @param base bytes of the piece that a delta needs. @returns sealed bytes. */
  append(id: Uint8Array, piece: Uint8Array, record: EncodedPiece, path: string, base?: Uint8Array): number {
    const { header } = record;
    const iv = nonce(0, this.#entries.length);
    const [offset, plain] = [this.#end, [encodeRecordHeader(header), ...record.payload.parts]];
    this.#end = sealInto(this.#buffer, offset, this.#key, iv, this.#aad(id), plain);
    const sealed = this.#buffer.subarray(offset, this.#end);
    if (!opensAs(this.#key, iv, this.#aad(id), sealed, plain) || !isPiece(record, piece, base)) throw new SealMismatch(path);
    const entry = { id: new Uint8Array(id), offset, length: this.#end - offset, pieceLength: piece.length };
    this.#entries.push(header.base ? { ...entry, base: new Uint8Array(header.base) } : entry);
    if (header.base) this.#deltas++;
    return this.#end - offset;
  }

  /** Gives the pack up. @returns its buffer, for another pack. */
  drop(): Buffer {
    return this.#buffer;
  }

  /** Seals the footer and names the pack. The writer is done; the buffer belongs to the pack. */
  finish(): FinishedPack {
    const footer = encodeFooter({ session: this.#session, entries: this.#entries });
    const footerAt = this.#end;
    const footerEnd = sealInto(this.#buffer, footerAt, this.#key, nonce(1, 0), this.#aad(FOOTER_PART), [footer]);
    const size = Math.ceil((footerEnd + TRAILER_BYTES) / PACK_PADDING) * PACK_PADDING;
    this.#buffer.fill(0, footerEnd, size - TRAILER_BYTES);
    this.#buffer.set(encodeTrailer(footerAt, footerEnd - footerAt, this.#entries.length), size - TRAILER_BYTES);
    const bytes = this.#buffer.subarray(0, size);
    return { name: sha256Hex(bytes), header: this.#header, bytes, entries: this.#entries };
  }
}

function isPiece(record: EncodedPiece, piece: Uint8Array, base?: Uint8Array): boolean {
  try {
    return holds(record, piece, base);
  } catch (cause) {
    if (cause instanceof Malformed) return false;
    throw cause;
  }
}

function encodeTrailer(footerAt: number, footerLength: number, records: number): Buffer {
  return new ByteWriter(TRAILER_BYTES).bytes(Buffer.from(TRAILER_MAGIC, 'latin1')).u32(footerAt).u32(footerLength).u32(records).view();
}
