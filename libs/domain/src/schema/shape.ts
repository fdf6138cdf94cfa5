/** What JSON can hold; the payload of an event as it is stored. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/**
 * One kind of value: how it looks in a `.proto` file, how it is read from stored JSON and how it is written there.
 * The tables built from shapes are the single source of the TypeScript types, the validators and (compared by a test) the proto messages.
 */
export interface Shape<T> {
  readonly proto: ProtoType;
  /** @throws ShapeProblem naming the place below `path`. */
  read(json: unknown, path: string): T;
  /** @throws ShapeProblem, so that nothing is stored that could not be read again. */
  write(value: T, path: string): Json;
}

export interface ProtoType {
  readonly label: 'single' | 'optional' | 'repeated' | 'map';
  /** Scalar name, 'google.protobuf.Timestamp' or the name of a message of this package. */
  readonly type: string;
  /** The words a string field may hold; the proto comment lists them. */
  readonly words?: readonly string[];
  /** The fields, for a message. */
  readonly message?: MessageTable;
}

export interface MessageTable {
  readonly name: string;
  readonly fields: Readonly<Record<string, Shape<unknown>>>;
}

export type ValueOf<S> = S extends Shape<infer T> ? T : never;

/** A value that does not have the shape it must have. Internal to this package: the codec turns it into UnreadableEvent or Refused. */
export class ShapeProblem extends Error {
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path === '' ? 'the payload' : path} ${problem}`);
    this.path = path;
  }
}

/** What another writer may have stored: its value when it has the shape, else undefined. */
export function readableOrNothing<T>(shape: Shape<T>, stored: unknown): T | undefined {
  try {
    return stored === undefined ? undefined : shape.read(stored, '');
  } catch {
    return undefined;
  }
}
