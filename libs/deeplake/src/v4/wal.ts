import { ByteReader } from '../bytes/byte-reader.ts';
import { Malformed } from '../errors.ts';

/** Head of an experimental insert-log entry. Its rows are counted once, also when a commit folded it already. Source: DEEPLAKE_V4.md section 2.3. */
export interface WalEntry {
  readonly writer: number;
  readonly entry: number;
  readonly rows: number;
  readonly payloadBytes: number;
}

export const WAL_HEADER_BYTES = 32;
const MAGIC = 0x4c415744;

/** Parses the first 32 bytes and compares the size of the file. @throws Malformed. */
export function parseWalEntry(head: Uint8Array, fileSize: number): WalEntry {
  const reader = new ByteReader(head);
  if (reader.u32() !== MAGIC) throw new Malformed('a WAL entry begins with DWAL');
  const [version, kind] = [reader.u16(), reader.u16()];
  if (version !== 1 || kind !== 1) throw new Malformed(`WAL entry version ${version}.${kind} is not known`);
  const entry: WalEntry = { writer: reader.u32(), entry: reader.count64(), rows: reader.u32(), payloadBytes: reader.count64() };
  if (WAL_HEADER_BYTES + entry.payloadBytes !== fileSize)
    throw new Malformed(`${fileSize} bytes, the entry says ${WAL_HEADER_BYTES + entry.payloadBytes}`);
  return entry;
}
