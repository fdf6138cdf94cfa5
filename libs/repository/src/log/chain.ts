import { sha256Hex } from '../format/hashes.ts';

/** The hash before position 1. */
export const CHAIN_START = '00'.repeat(32);

/** Events of one log segment, and bytes of all their bodies. */
export const SEGMENT_EVENTS_MAX = 5_000;
export const SEGMENT_BYTES_MAX = 8 * 1024 ** 2;

/** SHA-256 over the hash before and the stored bytes of the next event, hex. */
export const chained = (previous: string, body: Uint8Array): string => sha256Hex(Buffer.concat([Buffer.from(previous, 'hex'), body]));

export const chainedAll = (previous: string, bodies: readonly Uint8Array[]): string => bodies.reduce(chained, previous);
