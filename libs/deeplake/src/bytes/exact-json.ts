import { Malformed, reasonOf } from '../errors.ts';

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown;
const LONG_NUMBER = /\d{16}/;

/** Integers that a double cannot hold come back as BigInt; everything else as JSON.parse gives it. */
const exactIntegers: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;

/** Parses JSON without rounding integers beyond 2^53 (row ids of v4 are up to 2^64). @throws Malformed. */
export function parseExactJson(text: string): unknown {
  try {
    return LONG_NUMBER.test(text) ? JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown) : JSON.parse(text);
  } catch (error) {
    throw new Malformed(`not JSON: ${reasonOf(error)}`);
  }
}

/** Bytes to text. @throws Malformed when they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Malformed('not UTF-8 text');
  }
}
