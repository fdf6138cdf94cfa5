import { createHash } from 'node:crypto';

/** The chain's hash behind these events, made by itself: not by the code under test. */
export const chainHead = (bodies: readonly Uint8Array[], before = '00'.repeat(32)): string =>
  bodies.reduce((hash, body) => createHash('sha256').update(Buffer.from(hash, 'hex')).update(body).digest('hex'), before);
