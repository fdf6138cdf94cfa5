import { Malformed } from '../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Readers of parsed JSON that was written by others: each returns the wanted shape or throws Malformed naming the field. */
export function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Malformed(`${what} is not an object`);
  return value as JsonObject;
}

export function asArray(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is not a list`);
  return value;
}

export function asString(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Malformed(`${what} is not text`);
  return value;
}

/** A whole number from 0 to 2^53. */
export function asCount(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Malformed(`${what} is not a count`);
  return value;
}

export function asStrings(value: unknown, what: string): readonly string[] {
  return asArray(value, what).map((v) => asString(v, what));
}

export function asCounts(value: unknown, what: string): readonly number[] {
  return asArray(value, what).map((v) => asCount(v, what));
}

/** Undefined stays undefined (and null becomes it); anything else goes through `read`. */
export function optional<T>(value: unknown, read: (value: unknown, what: string) => T, what: string): T | undefined {
  return value === undefined || value === null ? undefined : read(value, what);
}

/** `object[key]`, own keys only, so that data named `__proto__` or `constructor` finds nothing. */
export function field(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
