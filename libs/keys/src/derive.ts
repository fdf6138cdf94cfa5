import { createHmac, hkdfSync } from 'node:crypto';

/** What a key was derived for. Each label gives an unrelated key. */
type Label = 'dr1/name' | 'dr1/mac' | 'dr1/system' | 'dr1/wrap-tenant' | 'dr1/path';

/** HKDF-SHA-256, 32 bytes; salt = repository id. */
export function deriveKey(secret: Uint8Array, repositoryId: string, label: Label): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, Buffer.from(repositoryId, 'hex'), Buffer.from(label, 'latin1'), 32));
}

/** First 32 hex digits of HMAC-SHA-256(name key, tenant): where a tenant's objects lie, without saying whose they are. */
export function tagOf(nameKey: Uint8Array, tenant: string): string {
  return createHmac('sha256', nameKey).update(tenant, 'utf8').digest('hex').slice(0, 32);
}

/** HMAC-SHA-256(key, label ‖ 0 ‖ bytes). */
export function macOf(key: Uint8Array, label: string, bytes: Uint8Array): Buffer {
  return createHmac('sha256', key).update(label, 'utf8').update(Buffer.of(0)).update(bytes).digest();
}

export interface PackKeyInput {
  /** 32 bytes, drawn for one object. */
  salt: Uint8Array;
  /** 32 hex digits. */
  repositoryId: string;
  /** 32 hex digits. */
  tag: string;
  /** Lower-case word: 'data', 'meta', … */
  kind: string;
  epoch: number;
}

/**
 * Key of one pack (or other sealed object) and the commitment that stands in its clear header, so that no second key opens the same bytes.
 * HKDF-SHA-256(data key, salt, 'dr1/pack' ‖ repository id (16) ‖ tag (16) ‖ kind ‖ u32 epoch), 64 bytes: key, then commitment.
 */
export function packKey(dataKey: Uint8Array, { salt, repositoryId, tag, kind, epoch }: PackKeyInput): { key: Buffer; commitment: Buffer } {
  const number = Buffer.alloc(4);
  number.writeUInt32BE(epoch);
  const info = Buffer.concat([
    Buffer.from('dr1/pack', 'latin1'),
    Buffer.from(repositoryId, 'hex'),
    Buffer.from(tag, 'hex'),
    Buffer.from(kind, 'latin1'),
    number,
  ]);
  const bytes = Buffer.from(hkdfSync('sha256', dataKey, salt, info, 64));
  return { key: bytes.subarray(0, 32), commitment: bytes.subarray(32) };
}
