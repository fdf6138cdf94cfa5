import { type Json, type JsonObject, type MessageTable, type Shape, ShapeProblem, type ValueOf } from './shape.ts';

/** A field that may be absent. In memory `undefined`, in JSON not there; null is refused. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly isOptional: true;
}

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F> = { [K in keyof F]: F[K] extends { isOptional: true } ? K : never }[keyof F];
type Flat<T> = { readonly [K in keyof T]: T[K] };
type FieldValues<F> = Flat<{ [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> } & { [K in OptionalNames<F>]?: ValueOf<F[K]> }>;

export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return {
    isOptional: true,
    proto: { ...shape.proto, label: 'optional' },
    read: (json, path) => (json === undefined ? undefined : shape.read(json, path)),
    write: (value, path) => (value === undefined ? (undefined as never) : shape.write(value, path)),
  };
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  const array = (value: unknown, path: string): readonly unknown[] => {
    if (!Array.isArray(value)) throw new ShapeProblem(path, 'must be a list');
    return value;
  };
  return {
    proto: { ...shape.proto, label: 'repeated' },
    read: (json, path) => array(json, path).map((item, i) => shape.read(item, `${path}[${i}]`)),
    write: (value, path) => array(value, path).map((item, i) => shape.write(item as T, `${path}[${i}]`)),
  };
}

function objectAt(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ShapeProblem(path, 'must be an object');
  return value as Record<string, unknown>;
}

/** Names to values, such as a mapping of data sets. */
export function mapOf<T>(shape: Shape<T>): Shape<Readonly<Record<string, T>>> {
  const each = <A, B>(value: unknown, path: string, turn: (item: A, path: string) => B): Record<string, B> =>
    Object.fromEntries(Object.entries(objectAt(value, path)).map(([k, v]) => [k, turn(v as A, `${path}.${k}`)]));
  return {
    proto: { ...shape.proto, label: 'map' },
    read: (json, path) => each<unknown, T>(json, path, shape.read),
    write: (value, path) => each<T, Json>(value, path, shape.write),
  };
}

/**
 * An object with exactly these fields. A field that is not in the table is refused, since any change of an event's shape raises its
 * schema version: what is unknown here was either never an event of ours or would be lost in silence.
 */
export function message<const F extends Fields>(name: string, fields: F): Shape<FieldValues<F>> & { readonly table: MessageTable } {
  const table = { name, fields: fields };
  return {
    table,
    proto: { label: 'single', type: name, message: table },
    read: (json, path) => eachField(table, json, path, 'read') as FieldValues<F>,
    write: (value, path) => eachField(table, value, path, 'write') as JsonObject,
  };
}

function eachField(table: MessageTable, value: unknown, path: string, way: 'read' | 'write'): Record<string, unknown> {
  const given = objectAt(value, path);
  const at = (field: string) => (path === '' ? field : `${path}.${field}`);
  const unknown = Object.keys(given).find((field) => !Object.hasOwn(table.fields, field));
  if (unknown !== undefined) throw new ShapeProblem(at(unknown), `is not a field of ${table.name}`);
  const result: Record<string, unknown> = {};
  for (const [field, shape] of Object.entries(table.fields)) {
    const found = shape[way](given[field], at(field));
    if (found !== undefined) result[field] = found;
  }
  return result;
}
