import { createHash } from 'node:crypto';

/** Version of every layout in this folder. The magic and the closing SHA-256 are the same in every version, so rot is never taken for a newer format. */
export const KEY_FORMAT_VERSION = 1;

const MAGIC = Buffer.from('TDRK', 'latin1');
const PREFIX_BYTES = 8;
const DIGEST_BYTES = 32;

/** Longer than any key object of any version will be; what is longer is not read. */
export const KEY_OBJECT_BYTES_MAX = 64 * 1024;

export type KeyObjectKind = 'master' | 'tenant';
const KIND_CODES: Record<KeyObjectKind, number> = { master: 1, tenant: 2 };

/** Why bytes are not a key object. Never leaves this package: whoever knows the object's name turns it into a typed error. */
export class NotAKeyObject extends Error {}
export class NewerKeyObject extends Error {
  readonly version: number;
  constructor(version: number) {
    super(`key format ${version}`);
    this.version = version;
  }
}

/** 'TDRK', version, kind, u16 0, body, SHA-256 of all before. */
export function frame(kind: KeyObjectKind, body: Uint8Array): Buffer {
  const bytes = Buffer.concat([MAGIC, Buffer.of(KEY_FORMAT_VERSION, KIND_CODES[kind], 0, 0), body, Buffer.alloc(DIGEST_BYTES)]);
  digest(bytes).copy(bytes, bytes.length - DIGEST_BYTES);
  return bytes;
}

/** The first 8 bytes of a frame, for the associated data of what is sealed inside. */
export function framePrefix(kind: KeyObjectKind): Buffer {
  return Buffer.concat([MAGIC, Buffer.of(KEY_FORMAT_VERSION, KIND_CODES[kind], 0, 0)]);
}

/** @returns the body. @throws NotAKeyObject, NewerKeyObject. */
export function unframe(kind: KeyObjectKind, object: Uint8Array): Buffer {
  const bytes = Buffer.from(object.buffer, object.byteOffset, object.byteLength);
  if (bytes.length < PREFIX_BYTES + DIGEST_BYTES) throw new NotAKeyObject(`it has only ${bytes.length} bytes`);
  if (bytes.length > KEY_OBJECT_BYTES_MAX) throw new NotAKeyObject(`it has ${bytes.length} bytes, more than any key object`);
  if (!digest(bytes).equals(bytes.subarray(-DIGEST_BYTES))) throw new NotAKeyObject('its bytes do not fit its checksum');
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw new NotAKeyObject('it does not start as a key object does');
  if (bytes[4]! > KEY_FORMAT_VERSION) throw new NewerKeyObject(bytes[4]!);
  if (!bytes.subarray(0, PREFIX_BYTES).equals(framePrefix(kind))) throw new NotAKeyObject(`it is no ${kind} key object`);
  return bytes.subarray(PREFIX_BYTES, -DIGEST_BYTES);
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes.subarray(0, -DIGEST_BYTES)).digest();
}
