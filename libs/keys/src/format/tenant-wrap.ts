import { frame, framePrefix, NotAKeyObject, unframe } from './key-object.ts';
import { seal, unseal } from './seal.ts';

export const TENANT_KEY_BYTES = 32;
export const TENANT_NAME_BYTES_MAX = 1024;

/** The sealed name is padded to a multiple of this, so that its length says little. */
const NAME_PADDING = 64;
const HEADER_BYTES = 40;

/** What stands in clear before a tenant's sealed keys: repository id (16), tag (16), u32 master epoch, u32 tenant epoch. */
export interface TenantWrapHeader {
  repositoryId: string;
  tag: string;
  masterEpoch: number;
  epoch: number;
}

/** Sealed: data key (32), id key (32), u16 name length, name in UTF-8, zeros up to a multiple of 64 after the length. */
export interface TenantSecrets {
  name: string;
  dataKey: Uint8Array;
  idKey: Uint8Array;
}

/** `nonce`: 12 fresh random bytes. `wrapKey`: of the header's master epoch. */
export function wrapTenant(wrapKey: Uint8Array, header: TenantWrapHeader, secrets: TenantSecrets, nonce: Uint8Array): Buffer {
  const clear = encodeHeader(header);
  return frame('tenant', Buffer.concat([clear, seal(wrapKey, nonce, associated(clear), encodeSecrets(secrets))]));
}

/** @throws NotAKeyObject, NewerKeyObject. */
export function readTenantHeader(object: Uint8Array): TenantWrapHeader {
  const body = unframe('tenant', object);
  if (body.length < HEADER_BYTES) throw new NotAKeyObject('it ends within its header');
  return {
    repositoryId: body.toString('hex', 0, 16),
    tag: body.toString('hex', 16, 32),
    masterEpoch: body.readUInt32BE(32),
    epoch: body.readUInt32BE(36),
  };
}

/** @throws NotAKeyObject also when the master key of its epoch does not open it. */
export function openTenant(wrapKey: Uint8Array, object: Uint8Array): TenantSecrets {
  const body = unframe('tenant', object);
  if (body.length < HEADER_BYTES) throw new NotAKeyObject('it ends within its header');
  const clear = body.subarray(0, HEADER_BYTES);
  const plain = unseal(wrapKey, associated(clear), body.subarray(HEADER_BYTES));
  if (!plain) throw new NotAKeyObject('the master key does not open it');
  return decodeSecrets(plain);
}

function encodeHeader({ repositoryId, tag, masterEpoch, epoch }: TenantWrapHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write(repositoryId, 0, 'hex');
  bytes.write(tag, 16, 'hex');
  bytes.writeUInt32BE(masterEpoch, 32);
  bytes.writeUInt32BE(epoch, 36);
  return bytes;
}

function encodeSecrets({ name, dataKey, idKey }: TenantSecrets): Buffer {
  const text = Buffer.from(name, 'utf8');
  const field = Buffer.alloc(Math.ceil((text.length + 1) / NAME_PADDING) * NAME_PADDING);
  text.copy(field);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([dataKey, idKey, length, field]);
}

function decodeSecrets(plain: Buffer): TenantSecrets {
  const nameAt = 2 * TENANT_KEY_BYTES + 2;
  const length = plain.length >= nameAt ? plain.readUInt16BE(nameAt - 2) : 0;
  if (length === 0 || length > TENANT_NAME_BYTES_MAX || nameAt + length > plain.length)
    throw new NotAKeyObject('its tenant name has no possible length');
  return {
    name: plain.toString('utf8', nameAt, nameAt + length),
    dataKey: Buffer.from(plain.subarray(0, TENANT_KEY_BYTES)),
    idKey: Buffer.from(plain.subarray(TENANT_KEY_BYTES, 2 * TENANT_KEY_BYTES)),
  };
}

function associated(clear: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('dr1/tenant-wrap', 'latin1'), framePrefix('tenant'), clear]);
}
