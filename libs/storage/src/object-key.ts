import { BadObjectKey } from './errors.ts';
import type { ObjectKey } from './object-store.ts';

/** Longest key and longest part of one, in characters: both well under what every store and file system takes. */
export const KEY_LENGTH_MAX = 512;
export const KEY_PART_LENGTH_MAX = 200;

/** Where the local backend builds objects; no key starts with it and no listing shows it. */
export const RESERVED_PART = 'tmp';

const PART = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const PREFIX = /^[a-z0-9_-][a-z0-9_\-./]*$/;

/** A part of a key: lower-case letters, digits, '_', '-', and single dots inside (`repository.json`). */
export function isKeyPart(part: string): boolean {
  return part.length <= KEY_PART_LENGTH_MAX && PART.test(part);
}

/** @throws BadObjectKey unless `key` is one that every store takes and keeps apart from every other. */
export function checkKey(key: ObjectKey): void {
  if (key.length === 0) throw new BadObjectKey(key, 'it is empty');
  if (key.length > KEY_LENGTH_MAX) throw new BadObjectKey(key, `it is longer than ${KEY_LENGTH_MAX} characters`);
  const parts = key.split('/');
  if (parts[0] === RESERVED_PART) throw new BadObjectKey(key, `'${RESERVED_PART}/' is reserved`);
  const bad = parts.find((part) => !isKeyPart(part));
  if (bad !== undefined)
    throw new BadObjectKey(key, `its part "${bad.slice(0, 80)}" holds something else than a-z, 0-9, '_', '-' or is too long`);
}

/** @throws BadObjectKey unless some key could start with `prefix`. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  if (prefix.length > KEY_LENGTH_MAX || !PREFIX.test(prefix) || prefix.includes('..') || prefix.includes('//')) {
    throw new BadObjectKey(prefix, 'no key can start like this');
  }
}
