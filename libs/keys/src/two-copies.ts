import { DrError, ObjectMissing, type ObjectStore } from '@dr/storage';
import { KeyFormatTooNew } from './errors.ts';
import { KEY_FORMAT_VERSION, NewerKeyObject, NotAKeyObject } from './format/key-object.ts';

/** Every key object lies in both folders under the same name. */
export const KEY_FOLDERS = ['keys', 'keys2'] as const;

/** Something wrong with one copy of a key object, while the other one still serves. */
export interface KeyFinding {
  /** Key of the object, for example 'keys2/t/<tag>/1'. */
  object: string;
  kind: 'missing' | 'damaged' | 'unreadable' | 'suspicious';
  message: string;
}

/** What the copies of one key object gave. */
export interface CopiesRead<T> {
  /** Undefined when neither copy served. */
  value: T | undefined;
  findings: KeyFinding[];
  /** Some copy was whole, but `open` had no use for it (wrong passphrase). */
  refused: boolean;
  /** What the store said, if neither copy served and it was the store. */
  error?: DrError;
}

/**
 * The first copy of `name` ('m/1-passphrase') that `open` takes. `open` throws NotAKeyObject for damage and returns undefined to have the other copy
 * tried, unless that one has the same bytes.
 * @throws KeyFormatTooNew, and what else `open` throws.
 */
export async function readCopies<T>(store: ObjectStore, name: string, open: (bytes: Uint8Array) => T | Promise<T>): Promise<CopiesRead<T>> {
  const findings: KeyFinding[] = [];
  const refused: { object: string; bytes: Uint8Array }[] = [];
  let error: DrError | undefined;
  for (const folder of KEY_FOLDERS) {
    const object = `${folder}/${name}`;
    try {
      const bytes = await store.read(object);
      if (refused.some((other) => Buffer.compare(other.bytes, bytes) === 0)) continue;
      const value = await open(bytes);
      if (value !== undefined) return { value, findings: [...findings, ...refused.map((copy) => unlike(copy.object))], refused: false };
      refused.push({ object, bytes });
    } catch (cause) {
      const finding = findingOf(object, cause);
      if (finding.kind === 'unreadable') error = cause as DrError;
      findings.push(finding);
    }
  }
  return { value: undefined, findings, refused: refused.length > 0, error };
}

/** Writes both copies, the first one deciding who created the object; @returns whether that was us. Whoever was second completes the other's copy. */
export async function writeCopies(store: ObjectStore, name: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
  const first = await store.createIfAbsent(`${KEY_FOLDERS[0]}/${name}`, bytes);
  if (first === 'created') await store.createIfAbsent(`${KEY_FOLDERS[1]}/${name}`, bytes);
  return first;
}

/** Names below `prefix` in either folder, sorted, with the folders that have them. */
export async function listCopies(store: ObjectStore, prefix: string): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for (const folder of KEY_FOLDERS) {
    for await (const page of store.list(`${folder}/${prefix}`)) {
      for (const { key } of page) {
        const name = key.slice(folder.length + 1);
        found.set(name, [...(found.get(name) ?? []), folder]);
      }
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A finding for every name that only one folder has. */
export function missingCopies(copies: Map<string, string[]>): KeyFinding[] {
  return [...copies].flatMap(([name, folders]) =>
    KEY_FOLDERS.filter((folder) => !folders.includes(folder)).map((folder) => missing(`${folder}/${name}`)),
  );
}

function missing(object: string): KeyFinding {
  return { object, kind: 'missing', message: `${object} is missing; its other copy serves. Copy that one to its place.` };
}

function unlike(object: string): KeyFinding {
  return { object, kind: 'damaged', message: `${object} is not what was written: it does not open, and its other copy does.` };
}

/** @throws KeyFormatTooNew for a newer format, and everything that is neither damage nor the store. */
export function findingOf(object: string, cause: unknown): KeyFinding {
  if (cause instanceof NewerKeyObject) throw new KeyFormatTooNew(object, cause.version, KEY_FORMAT_VERSION);
  if (cause instanceof NotAKeyObject) return { object, kind: 'damaged', message: `${object} is damaged: ${cause.message}.` };
  if (cause instanceof ObjectMissing) return missing(object);
  if (cause instanceof DrError && cause.code.startsWith('store.')) return { object, kind: 'unreadable', message: cause.message };
  throw cause;
}
