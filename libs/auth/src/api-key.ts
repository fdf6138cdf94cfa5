import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { KeyTooShort } from './errors.ts';

export const BOOTSTRAP_KEY_CHARACTERS_MIN = 32;

/** A new key: 256 random bits as `dr_` and 43 characters of base64url. It is shown once; only its hash is kept. */
export const newApiKey = (): string => `dr_${randomBytes(32).toString('base64url')}`;

/** SHA-256 of a key, 64 hex digits: what is stored and looked up. Keys have 256 random bits, so a slow hash would protect nothing more. */
export const hashApiKey = (key: string): string => createHash('sha256').update(key, 'utf8').digest('hex');

/** Whether `key` has this stored hash, in a time that does not depend on where they differ. */
export function keyMatches(key: string, storedHash: string): boolean {
  const [ours, stored] = [Buffer.from(hashApiKey(key), 'hex'), Buffer.from(storedHash, 'hex')];
  return ours.length === stored.length && timingSafeEqual(ours, stored);
}

/** The operator's own first key (DR_BOOTSTRAP_API_KEY). @throws KeyTooShort. */
export function checkBootstrapKey(key: string): string {
  if (key.length >= BOOTSTRAP_KEY_CHARACTERS_MIN) return key;
  throw new KeyTooShort(`DR_BOOTSTRAP_API_KEY has ${key.length} characters; at least ${BOOTSTRAP_KEY_CHARACTERS_MIN} are needed.`);
}

const KEY_CHARACTERS_MAX = 512;

/**
 * The key that a request presents, from `Authorization: ApiKey <key>` (the scheme in any case) or `X-API-Key: <key>`.
 * @returns undefined when there is none, when it is absurdly long, or when the two headers name different keys.
 */
export function presentedKey(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string | undefined {
  const [, bearer] = /^ApiKey +([\x21-\x7e]+) *$/i.exec(one(headers['authorization']) ?? '') ?? [];
  const plain = one(headers['x-api-key'])?.trim() || undefined;
  if (bearer !== undefined && plain !== undefined && bearer !== plain) return undefined;
  const key = bearer ?? plain;
  return key !== undefined && key.length <= KEY_CHARACTERS_MAX ? key : undefined;
}

const one = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : undefined);
