import { ByteReader } from '../bytes/byte-reader.ts';
import { Malformed } from '../errors.ts';

const STRUCT_DTYPE = 12;
const ARRAY_VERSION = 3;
const STATIC_HEADER = 15;

/** Head of a format 2 file (embeddings, arrays, masks). Source: DEEPLAKE_V4.md section 2.3. */
export type ArrayHeader =
  | { readonly layout: 'static'; readonly dtype: number; readonly dims: readonly number[]; readonly headerBytes: number }
  | { readonly layout: 'dynamic'; readonly dtype: number; readonly rows: number }
  /** Nullable columns: own longer header, not decoded. */
  | { readonly layout: 'struct' };

/** @throws Malformed for another version or a header that is cut. */
export function parseArrayHeader(bytes: Uint8Array): ArrayHeader {
  const reader = new ByteReader(bytes);
  const version = reader.u32();
  if (version !== ARRAY_VERSION) throw new Malformed(`array header version ${version}, known is ${ARRAY_VERSION}`);
  const [dynamic, dtype, struct] = [reader.u8(), reader.u8(), reader.u8()];
  if (dtype === STRUCT_DTYPE || struct !== 0) return { layout: 'struct' };
  if (dynamic !== 0) return { layout: 'dynamic', dtype, rows: reader.count64() };
  const count = reader.count64();
  if (count > 64) throw new Malformed(`${count} dimensions are impossible`);
  const dims = Array.from({ length: count }, () => reader.count64());
  return { layout: 'static', dtype, dims, headerBytes: STATIC_HEADER + 8 * count };
}
