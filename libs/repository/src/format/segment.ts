import { Malformed } from '../errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { RECORDS_MAX } from './pack-entries.ts';
import { PACK_PADDING } from './pack-writer.ts';
import {
  associatedData,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  keyFor,
  nonce,
  openBytes,
  partName,
  type SealHeader,
  type SecretOf,
  sealBytes,
  TAG_BYTES,
} from './seal.ts';
import { buildFilter } from './segment-filter.ts';

/** id prefix 16, u32 pack, u32 offset, u32 sealed length, u16 record, u16 flags (1 = base in the side table). */
export const INDEX_ENTRY_BYTES = 32;
export const PREFIX_BYTES = 16;
export const PAGE_BYTES = 64 * 1024;
const PER_PAGE = PAGE_BYTES / INDEX_ENTRY_BYTES;
const FLAG_BASE = 1;
/** magic, u32 entries, u32 sealed bytes of the pack table, u32 of the base table, u32 of the tail, 12 zeros. */
const TRAILER_BYTES = 32;
const TRAILER_MAGIC = 'DRIE';

/** What readers need of a pack, so that one range read of records is enough. */
export interface IndexedPack {
  /** SHA-256 of the pack, 64 hex digits. */
  readonly name: string;
  readonly kind: 'data' | 'meta';
  /** Bytes of the object. */
  readonly size: number;
  readonly epoch: number;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
}

export interface Segment {
  /** Backup id of the session that wrote it; empty for merged ones. */
  readonly session: string;
  readonly packs: readonly IndexedPack[];
  /** `count` entries of INDEX_ENTRY_BYTES, sorted by prefix; pack numbers count in `packs`. */
  readonly entries: Buffer;
  /** Base ids by entry number. */
  readonly bases: ReadonlyMap<number, Uint8Array>;
  /** First prefix of every page. */
  readonly fences: Buffer;
  readonly filter: Buffer;
}

export interface IndexRow {
  /** At least the first 16 bytes of the id. */
  readonly id: Uint8Array;
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  readonly record: number;
  readonly base?: Uint8Array;
}

/** Sorted entries of a segment from rows in any order. */
export function packRows(rows: readonly IndexRow[]): Pick<Segment, 'entries' | 'bases'> {
  const sorted = [...rows].sort((a, b) => Buffer.compare(a.id.subarray(0, PREFIX_BYTES), b.id.subarray(0, PREFIX_BYTES)));
  const entries = Buffer.alloc(sorted.length * INDEX_ENTRY_BYTES);
  const bases = new Map<number, Uint8Array>();
  sorted.forEach((row, i) => {
    const at = i * INDEX_ENTRY_BYTES;
    entries.set(row.id.subarray(0, PREFIX_BYTES), at);
    entries.writeUInt32LE(row.pack, at + 16);
    entries.writeUInt32LE(row.offset, at + 20);
    entries.writeUInt32LE(row.length, at + 24);
    entries.writeUInt16LE(row.record, at + 28);
    entries.writeUInt16LE(row.base ? FLAG_BASE : 0, at + 30);
    if (row.base) bases.set(i, row.base);
  });
  return { entries, bases };
}

/** A segment's bytes: header, pages sealed one by one, pack table, base table, tail (session, fences, filter), zeros, trailer. */
export function encodeSegment(segment: Omit<Segment, 'fences' | 'filter'>, seal: { header: SealHeader; key: Uint8Array }): Buffer {
  const aad = associatedData(seal.header, 'index');
  const sealed = (number: number, name: string, plain: Uint8Array): Buffer =>
    sealBytes(seal.key, nonce(0, number), aad(partName(name)), plain);
  const pages = pagesOf(segment.entries).map((page, i) => sealed(i, 'page', page));
  const tables = [encodePacks(segment.packs), encodeBases(segment.bases), encodeTail(segment)];
  const parts = tables.map((plain, i) => sealed(pages.length + i, ['packs', 'bases', 'tail'][i]!, plain));
  const trailer = encodeTrailer(
    segment.entries.length / INDEX_ENTRY_BYTES,
    parts.map((part) => part.length),
  );
  const body = [encodeHeader(seal.header), ...pages, ...parts];
  const length = body.reduce((sum, part) => sum + part.length, TRAILER_BYTES);
  const padding = Buffer.alloc(Math.ceil(length / PACK_PADDING) * PACK_PADDING - length);
  return Buffer.concat([...body, padding, trailer]);
}

/** @throws Malformed; FormatTooNew naming `object`. */
export function decodeSegment(bytes: Buffer, owner: { repositoryId: string; tag: string }, secretOf: SecretOf, object: string): Segment {
  const header = decodeHeader(bytes, 'index', object);
  const key = keyFor(header, owner, secretOf);
  const aad = associatedData(header, 'index');
  const { count, lengths } = decodeTrailer(bytes);
  const reader = new ByteReader(bytes.subarray(HEADER_BYTES));
  const open = (number: number, name: string, length: number): Buffer =>
    openBytes(key, nonce(0, number), aad(partName(name)), reader.bytes(length));
  const pages = Array.from({ length: Math.ceil(count / PER_PAGE) }, (_, i) => open(i, 'page', pageLength(i, count) + TAG_BYTES));
  const [packs, bases, tail] = ['packs', 'bases', 'tail'].map((name, i) => open(pages.length + i, name, lengths[i]!)) as [
    Buffer,
    Buffer,
    Buffer,
  ];
  const entries = Buffer.concat(pages);
  const decoded = { packs: decodePacks(packs), entries, bases: decodeBases(bases), ...decodeTail(tail) };
  checkEntries(decoded);
  return decoded;
}

const pageLength = (page: number, count: number): number => Math.min(PER_PAGE, count - page * PER_PAGE) * INDEX_ENTRY_BYTES;

function pagesOf(entries: Buffer): Buffer[] {
  const pages: Buffer[] = [];
  for (let at = 0; at < entries.length; at += PAGE_BYTES) pages.push(entries.subarray(at, at + PAGE_BYTES));
  return pages;
}

function encodePacks(packs: readonly IndexedPack[]): Buffer {
  const writer = new ByteWriter(packs.length * 110 + 8).u32(packs.length);
  for (const pack of packs) {
    writer
      .bytes(Buffer.from(pack.name, 'hex'))
      .u8(pack.kind === 'data' ? 1 : 2)
      .u32(pack.size)
      .u32(pack.epoch);
    writer.bytes(pack.salt).bytes(pack.commitment);
  }
  return writer.view();
}

function decodePacks(bytes: Uint8Array): IndexedPack[] {
  const reader = new ByteReader(bytes);
  const packs = Array.from({ length: reader.u32() }, () => {
    const [name, kind] = [reader.bytes(32).toString('hex'), reader.u8()];
    if (kind !== 1 && kind !== 2) throw new Malformed('its pack table names a kind that a later version wrote');
    const [size, epoch] = [reader.u32(), reader.u32()];
    return {
      name,
      kind: kind === 1 ? ('data' as const) : ('meta' as const),
      size,
      epoch,
      salt: reader.bytes(32),
      commitment: reader.bytes(32),
    };
  });
  reader.end('a pack table');
  return packs;
}

function encodeBases(bases: ReadonlyMap<number, Uint8Array>): Buffer {
  const writer = new ByteWriter(bases.size * 36 + 8).u32(bases.size);
  for (const [entry, base] of bases) writer.u32(entry).bytes(base);
  return writer.view();
}

function decodeBases(bytes: Uint8Array): Map<number, Uint8Array> {
  const reader = new ByteReader(bytes);
  const bases = new Map(Array.from({ length: reader.u32() }, () => [reader.u32(), reader.bytes(32)] as const));
  reader.end('a base table');
  return bases;
}

function encodeTail(segment: Omit<Segment, 'fences' | 'filter'>): Buffer {
  const count = segment.entries.length / INDEX_ENTRY_BYTES;
  const prefix = (entry: number): Buffer => segment.entries.subarray(entry * INDEX_ENTRY_BYTES, entry * INDEX_ENTRY_BYTES + PREFIX_BYTES);
  const fences = Buffer.concat(Array.from({ length: Math.ceil(count / PER_PAGE) }, (_, page) => prefix(page * PER_PAGE)));
  const filter = buildFilter(
    Array.from({ length: count }, (_, i) => prefix(i)),
    count,
  );
  return Buffer.from(
    new ByteWriter(fences.length + filter.length + 64).sized(Buffer.from(segment.session)).sized(fences).sized(filter).view(),
  );
}

function decodeTail(bytes: Uint8Array): Pick<Segment, 'session' | 'fences' | 'filter'> {
  const reader = new ByteReader(bytes);
  const tail = { session: reader.sized().toString(), fences: reader.sized(), filter: reader.sized() };
  reader.end('an index tail');
  return tail;
}

function encodeTrailer(count: number, lengths: readonly number[]): Buffer {
  const writer = new ByteWriter(TRAILER_BYTES).bytes(Buffer.from(TRAILER_MAGIC, 'latin1')).u32(count);
  for (const length of lengths) writer.u32(length);
  return writer.bytes(Buffer.alloc(12)).view();
}

function decodeTrailer(bytes: Buffer): { count: number; lengths: number[] } {
  if (bytes.length < HEADER_BYTES + TRAILER_BYTES || bytes.length % PACK_PADDING !== 0)
    throw new Malformed('its size cannot be an index segment');
  const reader = new ByteReader(bytes.subarray(bytes.length - TRAILER_BYTES));
  if (reader.bytes(4).toString('latin1') !== TRAILER_MAGIC) throw new Malformed('it does not end as an index segment does');
  return { count: reader.u32(), lengths: [reader.u32(), reader.u32(), reader.u32()] };
}

/** What a writer's defect could break, and readers rely on. */
function checkEntries({ entries, packs, bases }: Pick<Segment, 'entries' | 'packs' | 'bases'>): void {
  for (let at = 0; at < entries.length; at += INDEX_ENTRY_BYTES) {
    const flags = entries.readUInt16LE(at + 30);
    if (entries.readUInt32LE(at + 16) >= packs.length || entries.readUInt16LE(at + 28) >= RECORDS_MAX || flags > FLAG_BASE) {
      throw new Malformed('an index entry names a pack or record that cannot be');
    }
    if (flags === FLAG_BASE && !bases.has(at / INDEX_ENTRY_BYTES)) throw new Malformed('an index entry lost its base');
    if (at > 0 && entries.compare(entries, at - 32, at - 16, at, at + 16) < 0) throw new Malformed('its entries are not sorted');
  }
}
