import canonicalize from 'canonicalize';
import { Refused } from '../errors.ts';

/** RFC 8785: one text for one value, whatever the order of its fields. What is hashed and what is compared goes through here. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined)
    throw new Refused('event.not_json', 'A value could not be written as canonical JSON: it is undefined, a function or a symbol.');
  return text;
}

export const sameValue = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);
