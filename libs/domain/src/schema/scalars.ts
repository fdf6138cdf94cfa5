import { type Json, type Shape, ShapeProblem } from './shape.ts';

const single = (type: string) => ({ label: 'single', type }) as const;

/** A scalar whose value is its own JSON: `accepts` says which. */
function plain<T extends Json>(type: string, accepts: (v: unknown) => v is T, wanted: string, words?: readonly string[]): Shape<T> {
  const check = (value: unknown, path: string): T => {
    if (!accepts(value)) throw new ShapeProblem(path, `must be ${wanted}`);
    return value;
  };
  return { proto: words ? { ...single(type), words } : single(type), read: check, write: check };
}

export const text = plain('string', (v): v is string => typeof v === 'string', 'a string');

export const truth = plain('bool', (v): v is boolean => typeof v === 'boolean', 'true or false');

/** 0 to 2^32 - 1, a JSON number: for numbers of data sets. */
export const small = plain(
  'uint32',
  (v): v is number => Number.isInteger(v) && Number(v) >= 0 && Number(v) < 2 ** 32,
  'an integer from 0 to 2^32 - 1',
);

/** One of a few words. proto3 enums would be stored as BACKUP_TYPE_FULL; we store the words that the API speaks, in a string field. */
export function oneOf<const W extends readonly string[]>(...words: W): Shape<W[number]> {
  return plain('string', (v): v is W[number] => words.includes(v as string), `one of ${words.join(', ')}`, words);
}

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const isTime = (value: unknown): value is string => typeof value === 'string' && UTC_TIME.test(value) && !Number.isNaN(Date.parse(value));

/** A moment as RFC 3339 in UTC, such as '2026-03-01T12:00:00.000Z', in memory too. */
export const time = plain('google.protobuf.Timestamp', isTime, 'a time such as 2026-03-01T12:00:00.000Z');

const DECIMAL = /^(0|[1-9]\d{0,15})$/;

/** A count or a number of bytes: a decimal string in JSON (proto3's mapping of 64-bit integers), a safe integer in memory (9 PB are enough). */
export const count: Shape<number> = {
  proto: single('uint64'),
  read(json, path) {
    if (typeof json === 'string' && DECIMAL.test(json) && Number.isSafeInteger(Number(json))) return Number(json);
    throw new ShapeProblem(path, 'must be a decimal string from "0" to "9007199254740991"');
  },
  write(value, path) {
    if (Number.isSafeInteger(value) && value >= 0) return String(value);
    throw new ShapeProblem(path, 'must be an integer from 0 to 2^53 - 1');
  },
};
