import { type KdfParameters, kdfAcceptable, passphraseKey, SALT_BYTES } from '../kdf.ts';
import { frame, framePrefix, NotAKeyObject, unframe } from './key-object.ts';
import { NONCE_BYTES, seal, TAG_BYTES, unseal } from './seal.ts';

export const MASTER_KEY_BYTES = 32;

/** More epochs than any repository will see; bounds what a forged wrap can make us read. */
const EPOCHS_MAX = 1000;
const HEADER_BYTES = 24;
const KDF_BYTES = 12 + SALT_BYTES;

/**
 * How a wrap protects the master keys. Body: u8 protection, 3 bytes 0, repository id (16), u32 epoch, then for
 * 0 unprotected: the keys in clear; 1 passphrase: u32 memory KiB, u32 passes, u32 parallelism, salt (16), nonce, sealed keys, tag.
 * The keys are those of epochs 1 to `epoch`, 32 bytes each: whoever opens the newest wrap can read everything older.
 */
export type Protection = 'unprotected' | 'passphrase';
const CODES: Record<Protection, number> = { unprotected: 0, passphrase: 1 };

export interface WrapHeader {
  protection: Protection | 'unknown';
  /** 32 hex digits. */
  repositoryId: string;
  epoch: number;
}

interface NewWrap {
  repositoryId: string;
  /** Of epochs 1, 2, …; 32 bytes each. */
  masters: readonly Uint8Array[];
}

export function wrapUnprotected({ repositoryId, masters }: NewWrap): Buffer {
  return frame('master', Buffer.concat([header('unprotected', repositoryId, masters.length), ...masters]));
}

export interface PassphraseWrap extends NewWrap {
  passphrase: string;
  kdf: KdfParameters;
  /** 16 and 12 fresh random bytes. */
  salt: Uint8Array;
  nonce: Uint8Array;
}

export async function wrapWithPassphrase(wrap: PassphraseWrap): Promise<Buffer> {
  const clear = Buffer.concat([header('passphrase', wrap.repositoryId, wrap.masters.length), encodeKdf(wrap.kdf), wrap.salt]);
  const key = await passphraseKey(wrap.passphrase, wrap.salt, wrap.kdf);
  return frame('master', Buffer.concat([clear, seal(key, wrap.nonce, associated(clear), Buffer.concat(wrap.masters))]));
}

/** What anybody can read of a wrap. @throws NotAKeyObject, NewerKeyObject. */
export function readWrapHeader(object: Uint8Array): WrapHeader {
  const body = unframe('master', object);
  if (body.length < HEADER_BYTES) throw new NotAKeyObject('it ends within its header');
  const protection = Object.entries(CODES).find(([, code]) => code === body[0])?.[0] as Protection | undefined;
  const epoch = body.readUInt32BE(20);
  if (epoch < 1 || epoch > EPOCHS_MAX) throw new NotAKeyObject(`epoch ${epoch} cannot be`);
  return { protection: protection ?? 'unknown', repositoryId: body.toString('hex', 4, 20), epoch };
}

/** The master keys of epochs 1, 2, …; undefined when the passphrase does not fit (or was not given). @throws NotAKeyObject, NewerKeyObject, BadPassphrase. */
export async function openWrap(object: Uint8Array, passphrase: string | undefined): Promise<Buffer[] | undefined> {
  const { protection, epoch } = readWrapHeader(object);
  const body = unframe('master', object);
  if (protection === 'unprotected') return split(body.subarray(HEADER_BYTES), epoch);
  if (protection !== 'passphrase' || passphrase === undefined) return undefined;
  const clear = body.subarray(0, HEADER_BYTES + KDF_BYTES);
  const sealed = body.subarray(clear.length);
  if (sealed.length !== NONCE_BYTES + TAG_BYTES + epoch * MASTER_KEY_BYTES) throw new NotAKeyObject('its length does not fit its epoch');
  const kdf = decodeKdf(clear.subarray(HEADER_BYTES));
  const key = await passphraseKey(passphrase, clear.subarray(-SALT_BYTES), kdf);
  const plain = unseal(key, associated(clear), sealed);
  return plain && split(plain, epoch);
}

function header(protection: Protection, repositoryId: string, epoch: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes[0] = CODES[protection];
  bytes.write(repositoryId, 4, 'hex');
  bytes.writeUInt32BE(epoch, 20);
  return bytes;
}

function encodeKdf({ memoryKiB, passes, parallelism }: KdfParameters): Buffer {
  const bytes = Buffer.alloc(12);
  for (const [i, value] of [memoryKiB, passes, parallelism].entries()) bytes.writeUInt32BE(value, i * 4);
  return bytes;
}

function decodeKdf(bytes: Buffer): KdfParameters {
  const kdf = { memoryKiB: bytes.readUInt32BE(0), passes: bytes.readUInt32BE(4), parallelism: bytes.readUInt32BE(8) };
  if (!kdfAcceptable(kdf))
    throw new NotAKeyObject(`its cost (${kdf.memoryKiB} KiB, ${kdf.passes} passes, ${kdf.parallelism} lanes) is beyond the ceiling`);
  return kdf;
}

/** Binds the sealed keys to purpose, repository, epoch and cost: all that stands in clear before them. */
function associated(clear: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('dr1/master-wrap', 'latin1'), framePrefix('master'), clear]);
}

function split(keys: Buffer, epoch: number): Buffer[] {
  if (keys.length !== epoch * MASTER_KEY_BYTES) throw new NotAKeyObject('its length does not fit its epoch');
  return Array.from({ length: epoch }, (_, i) => Buffer.from(keys.subarray(i * MASTER_KEY_BYTES, (i + 1) * MASTER_KEY_BYTES)));
}
