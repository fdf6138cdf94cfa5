import { asArray, asCount, asCounts, asObject, asString, asStrings, field, type JsonObject, optional } from '../bytes/json-shape.ts';
import { Malformed } from '../errors.ts';
import type { BlockStatistics, DataFormat, FileReference } from './operation.ts';

/** Index operations nest a few levels; anything deeper than this is not from Deep Lake. */
const NESTING_MAX = 64;

/** The files of `addBlock.d`: arrays with one element per file. @throws Malformed without paths, sizes or row counts. */
export function blockFiles(d: JsonObject): FileReference[] {
  const prefix = asString(field(d, 'x') ?? '', 'addBlock.d.x');
  const sizes = asCounts(field(d, 'b'), 'addBlock.d.b');
  const rows = asCounts(field(d, 'n'), 'addBlock.d.n');
  const headers = optional(field(d, 'h'), asCounts, 'addBlock.d.h');
  const statistics = optional(field(d, 'cs'), asArray, 'addBlock.d.cs');
  const format = parseFormat(field(d, 'f'));
  return asStrings(field(d, 'p'), 'addBlock.d.p').map((suffix, i) => ({
    path: prefix + suffix,
    size: sizes[i] ?? 0,
    headerBytes: headers?.[i],
    rows: rows[i] ?? 0,
    format,
    statistics: parseStatistics(statistics?.[i]),
    packed: packedRange(d, i),
  }));
}

function packedRange(d: JsonObject, i: number): FileReference['packed'] {
  const offset = optional(field(d, 'fo'), asCounts, 'addBlock.d.fo')?.[i];
  const length = optional(field(d, 'fl'), asCounts, 'addBlock.d.fl')?.[i];
  return offset === undefined || length === undefined ? undefined : { offset, length };
}

/** B2: every array and bit string of `addBlock.d` has one element per file, and row counts agree with the statistics. @returns what is wrong. */
export function blockProblem(d: JsonObject): string | undefined {
  const files = asArray(field(d, 'p'), 'addBlock.d.p').length;
  const lengthOf = (key: string) => {
    const value = field(d, key);
    return value === undefined ? files : (value as { length?: unknown } | null)?.length;
  };
  const wrong = ['b', 'n', 'h', 's', 'c', 'fo', 'fl', 'st', 'hs', 'cs'].filter((key) => lengthOf(key) !== files);
  if (wrong.length > 0) return `${files} files, but ${wrong.map((key) => `${key} has ${lengthOf(key)}`).join(', ')}`;
  const rows = asCounts(field(d, 'n'), 'addBlock.d.n');
  const counted = optional(field(d, 'cs'), asArray, 'addBlock.d.cs')?.map((s) => parseStatistics(s)?.rows);
  const i = counted?.findIndex((count, k) => count !== undefined && count !== rows[k]) ?? -1;
  return i < 0 ? undefined : `file ${i} has ${rows[i]} rows, its statistics say ${counted?.[i]}`;
}

/** The one file of `updateData.f`. */
export function updateFile(value: unknown): FileReference {
  const f = asObject(value, 'updateData.f');
  return {
    path: asString(field(f, 'p'), 'updateData.f.p'),
    size: asCount(field(f, 'b'), 'updateData.f.b'),
    headerBytes: optional(field(f, 'h'), asCount, 'updateData.f.h'),
    rows: asCount(field(f, 's'), 'updateData.f.s'),
    format: parseFormat(field(f, 'f2')),
    statistics: parseStatistics(field(f, 'cs')),
  };
}

/** Index files: any nested object with `p` + `b`, or `x` + `p[]` + `b[]`. */
export function nestedFiles(value: unknown, depth = 0): FileReference[] {
  if (typeof value !== 'object' || value === null) return [];
  if (depth > NESTING_MAX) throw new Malformed('an index operation is nested too deeply');
  const below = Object.values(value).flatMap((v) => nestedFiles(v, depth + 1));
  return Array.isArray(value) ? below : [...ownFiles(value as JsonObject), ...below];
}

function ownFiles(o: JsonObject): FileReference[] {
  const [p, b, h, x] = ['p', 'b', 'h', 'x'].map((key) => field(o, key));
  if (typeof p === 'string' && typeof b === 'number') return [{ path: p, size: b, headerBytes: typeof h === 'number' ? h : undefined }];
  if (!Array.isArray(p) || !Array.isArray(b) || typeof x !== 'string') return [];
  const sizes = asCounts(b, 'b');
  const headers = Array.isArray(h) ? asCounts(h, 'h') : [];
  return asStrings(p, 'p').map((suffix, i) => ({ path: x + suffix, size: sizes[i] ?? 0, headerBytes: headers[i] }));
}

/** `{t: format, d: {t: {t: {d: dtype}}, c: compression}}`; `c` is `{}` when there is none. */
function parseFormat(value: unknown): DataFormat {
  const format = asObject(value, 'file format');
  const details = optional(field(format, 'd'), asObject, 'file format d') ?? {};
  const compression = field(details, 'c');
  const type = field(format, 't');
  return formats.one({
    type: typeof type === 'number' ? String(type) : asString(type, 'file format t'),
    compression: typeof compression === 'string' && compression !== '' ? compression : undefined,
    dtype: dtypeOf(field(details, 't')),
  });
}

/** Equal values once: a million files of a data set have a few formats, and often the same statistics. What a forged log makes many of is left as it is. */
class Shared<T extends object> {
  readonly #values = new Map<string, T>();

  one(value: T): T {
    const key = JSON.stringify(value);
    const known = this.#values.get(key);
    if (!known && this.#values.size < SHARED_MAX) this.#values.set(key, value);
    return known ?? value;
  }
}

const SHARED_MAX = 1000;
const formats = new Shared<DataFormat>();
const plainStatistics = new Shared<BlockStatistics>();

/** `{t: {d: 'int64'}, s: []}` to 'int64'; undefined for anything else. */
export function dtypeOf(value: unknown): string | undefined {
  const inner = (value as { t?: { d?: unknown } } | undefined | null)?.t?.d;
  return typeof inner === 'string' ? inner : undefined;
}

function parseStatistics(value: unknown): BlockStatistics | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const s = value as JsonObject;
  const number = (key: string) => {
    const v = field(s, key);
    return typeof v === 'number' || typeof v === 'bigint' ? Number(v) : undefined;
  };
  const [min, max, sum] = [number('mn'), number('mx'), number('sm')];
  const statistics = { rows: number('rc'), nulls: number('nc') ?? 0, dataBytes: number('tb'), min, max, sum };
  return min === undefined && max === undefined && sum === undefined ? plainStatistics.one(statistics) : statistics;
}
