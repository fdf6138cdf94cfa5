import { Malformed } from '../errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** Where one record lies in its pack. */
export interface PackEntry {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** From the start of the pack to the first sealed byte. */
  readonly offset: number;
  /** Sealed bytes, tag included. */
  readonly length: number;
  /** Bytes of the piece. */
  readonly pieceLength: number;
  /** 32 bytes; deltas only. */
  readonly base?: Uint8Array;
}

/** The plain footer of a pack: who wrote it and what is in it, in record order. */
export interface PackFooter {
  /** Backup id. */
  readonly session: string;
  readonly entries: readonly PackEntry[];
}

const ENTRY_BYTES = 45;
const BASE_BYTES = 32;
export const RECORDS_MAX = 16_384;

/** Most bytes that a sealed footer of `records` records takes, so many of them deltas. */
export const footerBytes = (records: number, deltas: number, session: string): number =>
  records * ENTRY_BYTES + deltas * BASE_BYTES + session.length * 3 + 64;

export function encodeFooter(footer: PackFooter): Buffer {
  const writer = new ByteWriter(footerBytes(footer.entries.length, 0, footer.session));
  writer.sized(Buffer.from(footer.session)).u32(footer.entries.length);
  for (const entry of footer.entries) {
    writer.bytes(entry.id).u32(entry.offset).u32(entry.length).u32(entry.pieceLength);
    writer.u8(entry.base ? 1 : 0);
    if (entry.base) writer.bytes(entry.base);
  }
  return writer.view();
}

export function decodeFooter(bytes: Uint8Array): PackFooter {
  const reader = new ByteReader(bytes);
  const session = reader.sized().toString();
  const count = reader.u32();
  if (count > RECORDS_MAX) throw new Malformed(`a footer lists ${count} records, more than a pack holds`);
  const entries = Array.from({ length: count }, () => decodeEntry(reader));
  reader.end('a footer');
  return { session, entries };
}

function decodeEntry(reader: ByteReader): PackEntry {
  const id = reader.bytes(32);
  const [offset, length, pieceLength, flags] = [reader.u32(), reader.u32(), reader.u32(), reader.u8()];
  if (flags > 1) throw new Malformed('a footer entry has flags that a later version wrote');
  return { id, offset, length, pieceLength, base: flags === 1 ? reader.bytes(32) : undefined };
}
