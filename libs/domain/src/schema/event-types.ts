import type { MessageTable, Shape, ValueOf } from './shape.ts';

/** The payload tables of an aggregate's events, by event type. The type names are stable: they are what is stored. */
export type EventTables = Readonly<Record<string, Shape<unknown> & { readonly table: MessageTable }>>;

/** The union of `{ type, data }` of a family of event tables. */
export type EventOf<Tables> = { [T in keyof Tables & string]: { readonly type: T; readonly data: ValueOf<Tables[T]> } }[keyof Tables &
  string];
