import { Refused, UnreadableEvent } from '../errors.ts';
import type { EventTables } from '../schema/event-types.ts';
import { type JsonObject, type Shape, ShapeProblem } from '../schema/shape.ts';
import { type DomainEvent, eventTables } from './event-types.ts';
import { type UpcasterChains, upcasters, versionIn } from './schema-versions.ts';

/** What is stored of an event: its type, the schema version of its payload, and the payload as proto3 JSON. */
export interface EncodedEvent {
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
}

export interface EventCodec<Event> {
  /** @throws Refused 'event.unencodable': the payload has not the shape of its type, so nobody could read it again. */
  encode(event: Event): EncodedEvent;
  /** Today's event from a stored one of any version. @throws UnreadableEvent, naming the field. */
  decode(type: string, schemaVersion: number, data: unknown): Event;
}

export function eventCodec<Event extends { readonly type: string; readonly data: unknown }>(
  tables: EventTables,
  chains: UpcasterChains,
): EventCodec<Event> {
  return {
    encode({ type, data }) {
      return { type, schemaVersion: versionIn(chains, type), data: encodePayload(type, tableOf(tables, type), data) };
    },
    decode(type, schemaVersion, data) {
      const table = tableOf(tables, type);
      const current = upcast(chains, type, schemaVersion, data);
      return { type, data: decodePayload(type, table, current) } as unknown as Event;
    },
  };
}

const codec = eventCodec<DomainEvent>(eventTables, upcasters);

/** A domain event as it is stored. @throws Refused 'event.unencodable'. */
export const encodeEvent = (event: DomainEvent): EncodedEvent => codec.encode(event);

/** A stored event, of any schema version ever written, as today's code knows it. @throws UnreadableEvent. */
export const decodeEvent = (type: string, schemaVersion: number, data: unknown): DomainEvent => codec.decode(type, schemaVersion, data);

function tableOf(tables: EventTables, type: string): Shape<unknown> {
  if (Object.hasOwn(tables, type)) return tables[type]!;
  throw new UnreadableEvent(
    'unknown_type',
    `The log holds an event of type ${type}, which this version does not know. Update this service.`,
    { type },
  );
}

function upcast(chains: UpcasterChains, type: string, from: number, data: unknown): unknown {
  const current = versionIn(chains, type);
  if (!Number.isInteger(from) || from < 1) throw malformed(type, `${from} is no schema version`);
  if (from > current) {
    const message = `The log holds ${type} in schema version ${from}, and this version reads up to ${current}. Update readers before writers.`;
    throw new UnreadableEvent('too_new', message, { type, schemaVersion: from });
  }
  try {
    return (chains[type] ?? []).slice(from - 1).reduce<unknown>((json, up) => up(json as JsonObject), data);
  } catch (error) {
    throw malformed(type, `its version ${from} cannot be brought up to ${current} (${(error as Error).message})`);
  }
}

function decodePayload(type: string, table: Shape<unknown>, json: unknown): unknown {
  try {
    return table.read(json, '');
  } catch (error) {
    if (error instanceof ShapeProblem) throw malformed(type, error.message, error.path);
    throw error;
  }
}

function encodePayload(type: string, table: Shape<unknown>, data: unknown): JsonObject {
  try {
    return table.write(data, '') as JsonObject;
  } catch (error) {
    if (error instanceof ShapeProblem)
      throw new Refused('event.unencodable', `${type} was not stored: ${error.message}.`, { type, path: error.path });
    throw error;
  }
}

const malformed = (type: string, problem: string, path?: string): UnreadableEvent =>
  new UnreadableEvent('malformed', `A stored ${type} cannot be read: ${problem}. It was altered, or written by something else.`, {
    type,
    path,
  });
