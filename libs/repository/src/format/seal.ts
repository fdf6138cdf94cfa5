import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { packKey } from '@dr/keys';
import { FormatTooNew, Malformed } from '../errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { obtain } from './release.ts';

/** Version of every layout in this folder. */
export const FORMAT_VERSION = 1;
export const HEADER_BYTES = 112;
export const TAG_BYTES = 16;
export const SALT_BYTES = 32;

/** What a sealed object is; part of its key derivation and of everything it authenticates. */
export type SealKind = 'data' | 'meta' | 'index' | 'commit' | 'ledger' | 'hold' | 'log' | 'words';

const KINDS: Record<SealKind, { code: number; magic: string }> = {
  data: { code: 1, magic: 'DRP1' },
  meta: { code: 2, magic: 'DRP1' },
  index: { code: 3, magic: 'DRI1' },
  commit: { code: 4, magic: 'DRC1' },
  ledger: { code: 5, magic: 'DRL1' },
  hold: { code: 6, magic: 'DRH1' },
  log: { code: 7, magic: 'DRE1' },
  words: { code: 8, magic: 'DRT1' },
};

/** Whose object it is: goes in clear into the header, and into the key and the associated data. */
export interface Belonging {
  /** 32 hex digits. */
  readonly repositoryId: string;
  /** 32 hex digits. */
  readonly tag: string;
  readonly epoch: number;
}

export interface SealHeader extends Belonging {
  readonly kind: SealKind;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
}

/** Gives the secret an epoch's objects are sealed under. @throws what the key ring throws for an epoch it does not have. */
export type SecretOf = (epoch: number) => Uint8Array;

/** A new sealed object's header and key. `salt`: 32 fresh random bytes, never used for another object. */
export function newSeal(
  belonging: Belonging,
  kind: SealKind,
  secret: Uint8Array,
  salt: Uint8Array,
): { header: SealHeader; key: Uint8Array } {
  const { repositoryId, tag, epoch } = belonging;
  const { key, commitment } = packKey(secret, { salt, repositoryId, tag, kind, epoch });
  return { header: { repositoryId, tag, epoch, kind, salt, commitment }, key };
}

/** magic, u16 version, u8 kind, u8 0, u32 epoch, repository id, tag, salt, commitment, u32 0. */
export function encodeHeader(header: SealHeader): Buffer {
  return new ByteWriter(HEADER_BYTES)
    .bytes(Buffer.from(KINDS[header.kind].magic, 'latin1'))
    .u16(FORMAT_VERSION)
    .u8(KINDS[header.kind].code)
    .u8(0)
    .u32(header.epoch)
    .bytes(hex16(header.repositoryId))
    .bytes(hex16(header.tag))
    .bytes(header.salt)
    .bytes(header.commitment)
    .u32(0)
    .view();
}

/** @throws Malformed unless the header is one of this kind; FormatTooNew (naming `object`) for a later version. */
export function decodeHeader(bytes: Uint8Array, kind: SealKind, object: string): SealHeader {
  const reader = new ByteReader(bytes.subarray(0, HEADER_BYTES));
  if (reader.bytes(4).toString('latin1') !== KINDS[kind].magic) throw new Malformed('it does not start as such an object does');
  const version = reader.u16();
  if (version > FORMAT_VERSION) throw new FormatTooNew(object, version, FORMAT_VERSION);
  if (version === 0 || reader.u8() !== KINDS[kind].code || reader.u8() !== 0) throw new Malformed('its header is of another kind');
  const epoch = reader.u32();
  const [repositoryId, tag] = [reader.bytes(16).toString('hex'), reader.bytes(16).toString('hex')];
  const [salt, commitment] = [reader.bytes(SALT_BYTES), reader.bytes(32)];
  if (reader.u32() !== 0) throw new Malformed('its header ends wrong');
  return { repositoryId, tag, epoch, kind, salt, commitment };
}

/** The object's key, after its owner and its key commitment were compared. @throws Malformed. */
export function keyFor(header: SealHeader, owner: { repositoryId: string; tag: string }, secretOf: SecretOf): Uint8Array {
  if (header.repositoryId !== owner.repositoryId || header.tag !== owner.tag)
    throw new Malformed('it belongs to another repository or tenant');
  const { key, commitment } = packKey(secretOf(header.epoch), header);
  if (Buffer.compare(commitment, header.commitment) !== 0) throw new Malformed('its key commitment does not fit its salt');
  return key;
}

const AAD_ID_AT = 39;

/**
 * Associated data of everything sealed inside one object: u16 version, repository id, tag, u32 epoch, u8 kind, 32 bytes naming the part (the piece id
 * of a record). The returned function writes the name into one reused buffer.
 */
export function associatedData(belonging: Belonging, kind: SealKind): (part: Uint8Array) => Buffer {
  const aad = new ByteWriter(AAD_ID_AT + 32)
    .u16(FORMAT_VERSION)
    .bytes(hex16(belonging.repositoryId))
    .bytes(hex16(belonging.tag))
    .u32(belonging.epoch)
    .u8(KINDS[kind].code)
    .bytes(Buffer.alloc(32))
    .view();
  return (part) => {
    aad.set(part, AAD_ID_AT);
    return aad;
  };
}

/** 12 bytes: 4 of `space`, then the number, big-endian. Space 0: records and pages by number. Space 1: everything there is one of. */
export function nonce(space: 0 | 1, number: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(space, 0);
  bytes.writeUInt32BE(number, 8);
  return bytes;
}

/** A fixed name for a part that is not a piece, for the associated data. At most 32 ASCII characters. */
export function partName(name: string): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.write(name, 'latin1');
  return bytes;
}

/** 32 bytes; as a KeyObject where many parts are sealed under it: node:crypto looks at bytes anew for each. */
export type SealKey = Uint8Array | KeyObject;

/** Encrypts `parts`, one after the other, into `target` at `offset`, tag last; @returns the end. AES-256-GCM. */
export function sealInto(
  target: Buffer,
  offset: number,
  key: SealKey,
  iv: Uint8Array,
  aad: Uint8Array,
  parts: readonly Uint8Array[],
): number {
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(aad);
  let end = offset;
  for (const part of parts) end = through(cipher, part, target, end);
  cipher.final();
  target.set(cipher.getAuthTag(), end);
  return end + TAG_BYTES;
}

export function sealBytes(key: Uint8Array, iv: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
  const target = Buffer.allocUnsafe(plain.length + TAG_BYTES);
  sealInto(target, 0, key, iv, aad, [plain]);
  return target;
}

/** @throws Malformed unless every bit of `sealed`, the number and the associated data are those it was sealed with. */
export function openBytes(key: SealKey, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Buffer {
  if (sealed.length < TAG_BYTES) throw new Malformed('a sealed part is shorter than its tag');
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = obtain(sealed.length - TAG_BYTES);
  through(decipher, sealed.subarray(0, plain.length), plain, 0);
  try {
    decipher.final();
  } catch (cause) {
    throw new Malformed('a sealed part does not open (its bytes were changed)', { cause });
  }
  return plain;
}

/** Whether `sealed` opens as exactly these parts, told without keeping what it opens to. */
export function opensAs(key: SealKey, iv: Uint8Array, aad: Uint8Array, sealed: Uint8Array, parts: readonly Uint8Array[]): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  let at = 0;
  let same = true;
  for (const part of parts) {
    inSlices(decipher, sealed.subarray(at, at + part.length), (plain, from) => {
      same &&= Buffer.compare(plain, part.subarray(from, from + plain.length)) === 0;
    });
    at += part.length;
  }
  if (!same || at + TAG_BYTES !== sealed.length) return false;
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}

/** The cipher gives its output in memory of its own: in slices, that memory is always the same, and in the processor's cache. */
const SLICE_BYTES = 64 * 1024;

type Through = { update(bytes: Uint8Array): Buffer };

/** @param take gets the output slice by slice; a slice's memory is gone when it returns. */
function inSlices(cipher: Through, bytes: Uint8Array, take: (slice: Buffer, at: number) => void): void {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const slice = cipher.update(bytes.subarray(at, at + SLICE_BYTES));
    take(slice, at);
    if (slice.length === SLICE_BYTES) (slice.buffer as ArrayBuffer).transfer(0);
  }
}

/** @returns the end of what was written. */
function through(cipher: Through, bytes: Uint8Array, target: Uint8Array, offset: number): number {
  inSlices(cipher, bytes, (slice, at) => target.set(slice, offset + at));
  return offset + bytes.length;
}

const hex16 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'hex');
  if (bytes.length !== 16) throw new Malformed(`"${text}" is not 32 hex digits`);
  return bytes;
};
