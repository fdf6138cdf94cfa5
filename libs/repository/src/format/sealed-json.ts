import type { ObjectKey } from '@dr/storage';
import { FormatTooNew, Malformed } from '../errors.ts';
import { sha256 } from './hashes.ts';
import {
  associatedData,
  type Belonging,
  decodeHeader,
  encodeHeader,
  HEADER_BYTES,
  keyFor,
  newSeal,
  nonce,
  openBytes,
  type SealKind,
  type SecretOf,
  sealBytes,
} from './seal.ts';
import { parseObject } from './signed-json.ts';

/** Of a commit whose trees pin files: a reader that does not know such entries refuses the backup before it meets one. */
export const FORMAT_PINNING = 2;
const FORMAT_NEWEST = FORMAT_PINNING;

/** JSON that only the key opens: a clear header, then one sealed part, bound to the object's key. Commits, ledger plans, holds. */
export function encodeSealed(
  kind: SealKind,
  key: ObjectKey,
  belonging: Belonging,
  secret: Uint8Array,
  salt: Uint8Array,
  value: object,
): Buffer {
  const seal = newSeal(belonging, kind, secret, salt);
  const aad = associatedData(belonging, kind)(sha256(Buffer.from(key)));
  return Buffer.concat([encodeHeader(seal.header), sealBytes(seal.key, nonce(0, 0), aad, Buffer.from(JSON.stringify(value)))]);
}

/** @throws Malformed, FormatTooNew. */
export function decodeSealed<T extends { format: number }>(
  kind: SealKind,
  key: ObjectKey,
  owner: { repositoryId: string; tag: string },
  secretOf: SecretOf,
  bytes: Uint8Array,
): T {
  const header = decodeHeader(bytes, kind, key);
  const secret = keyFor(header, owner, secretOf);
  const aad = associatedData(header, kind)(sha256(Buffer.from(key)));
  const value = parseObject(openBytes(secret, nonce(0, 0), aad, bytes.subarray(HEADER_BYTES))) as unknown as T;
  if (typeof value.format !== 'number') throw new Malformed('it has no format number');
  if (value.format > FORMAT_NEWEST) throw new FormatTooNew(key, value.format, FORMAT_NEWEST);
  return value;
}
