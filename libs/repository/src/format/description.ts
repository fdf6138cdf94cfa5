import type { KeyRing } from '@dr/keys';
import { DESCRIPTION_KEY } from './object-names.ts';
import { FORMAT_VERSION } from './seal.ts';
import { decodeSigned, encodeSigned } from './signed-json.ts';

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
