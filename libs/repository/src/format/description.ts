import type { KeyRing } from '@dr/keys';
import { Malformed } from '../errors.ts';
import { DESCRIPTION_KEY } from './object-names.ts';
import { FORMAT_VERSION } from './seal.ts';
import { decodeSigned, encodeSigned, parseObject } from './signed-json.ts';

/** What `repository.json` says; every commit repeats it. */
export interface Description {
  readonly format: number;
  /** 32 hex digits. */
  readonly id: string;
  readonly createdAtMs: number;
  readonly cipher: 'aes-256-gcm';
  readonly hash: 'sha-256';
  /** false: the master key lies unprotected in the store. */
  readonly encryption: boolean;
}

export function newDescription(id: string, createdAtMs: number, encryption: boolean): Description {
  return { format: FORMAT_VERSION, id, createdAtMs, cipher: 'aes-256-gcm', hash: 'sha-256', encryption };
}

export const encodeDescription = (ring: KeyRing, description: Description): Buffer => encodeSigned(ring, DESCRIPTION_KEY, description);

export const decodeDescription = (ring: KeyRing, bytes: Uint8Array): Description => decodeSigned<Description>(ring, DESCRIPTION_KEY, bytes);

/** The repository's id, before anything can be checked. @throws Malformed. */
export function claimedId(bytes: Uint8Array): string {
  const { id } = parseObject(bytes);
  if (typeof id === 'string' && /^[0-9a-f]{32}$/.test(id)) return id;
  throw new Malformed('it names no repository id');
}
