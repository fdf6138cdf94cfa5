import { Malformed } from '../errors.ts';
import { ByteReader } from './bytes.ts';
import { decodeFooter, type PackEntry, type PackFooter } from './pack-entries.ts';
import { FOOTER_PART, PACK_PADDING, TRAILER_BYTES, TRAILER_MAGIC } from './pack-writer.ts';
import { type BaseOf, decodeRecord } from './record.ts';
import { associatedData, type Belonging, HEADER_BYTES, nonce, openBytes, type SealKind } from './seal.ts';

export interface PackTrailer {
  readonly footerAt: number;
  readonly footerLength: number;
  readonly records: number;
}

/** The last 16 bytes of a pack of `size` bytes. @throws Malformed when they cannot be a pack's. */
export function decodeTrailer(bytes: Uint8Array, size: number): PackTrailer {
  const reader = new ByteReader(bytes.subarray(bytes.length - TRAILER_BYTES));
  if (reader.bytes(4).toString('latin1') !== TRAILER_MAGIC) throw new Malformed('it does not end as a pack does');
  const [footerAt, footerLength, records] = [reader.u32(), reader.u32(), reader.u32()];
  const end = footerAt + footerLength + TRAILER_BYTES;
  if (size % PACK_PADDING !== 0 || footerAt < HEADER_BYTES || end > size || end <= size - PACK_PADDING) {
    throw new Malformed('its trailer does not fit its size');
  }
  return { footerAt, footerLength, records };
}

/** @throws Malformed. @param sealed the footer's bytes, from the trailer's place. */
export function openFooter(key: Uint8Array, belonging: Belonging, kind: SealKind, sealed: Uint8Array, trailer: PackTrailer): PackFooter {
  const footer = decodeFooter(openBytes(key, nonce(1, 0), associatedData(belonging, kind)(FOOTER_PART), sealed));
  if (footer.entries.length !== trailer.records) throw new Malformed('its footer and its trailer count differently');
  let end = HEADER_BYTES;
  for (const entry of footer.entries) {
    if (entry.offset !== end) throw new Malformed('its footer leaves gaps between records');
    end += entry.length;
  }
  if (end !== trailer.footerAt) throw new Malformed('its footer does not start where its records end');
  return footer;
}

/** Opens records of one pack, in any order. @throws Malformed, for a delta without `baseOf` too. */
export function recordOpener(key: Uint8Array, belonging: Belonging, kind: SealKind) {
  const aad = associatedData(belonging, kind);
  return (id: Uint8Array, record: number, sealed: Uint8Array, baseOf?: BaseOf): Uint8Array =>
    decodeRecord(openBytes(key, nonce(0, record), aad(id), sealed), baseOf);
}

export type { PackEntry, PackFooter };
