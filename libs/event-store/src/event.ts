import { type DomainEvent, decodeEvent, type EncodedEvent, encodeEvent, type ReadEvent, type RecordedEvent } from '@dr/domain';

export type { EventMeta, ReadEvent, RecordedEvent } from '@dr/domain';

/** An event as a decider makes it. `eventId` is made by the store when absent. */
export interface NewEvent {
  readonly type: string;
  readonly data: object;
  readonly eventId?: string;
}

/** A sealed event as it was stored: what goes to the bus and the archive. */
export type StoredEvent = RecordedEvent & { readonly position: number };

/** A sealed event with its payload brought up to today's shape: what processors get. `switch (event.type)` narrows `data`. */
export type LoggedEvent = ReadEvent & { readonly position: number };

/** Between stored JSON and today's events. */
export interface EventCodec {
  /** @throws when the payload has not the shape of its type */
  encode(event: NewEvent): EncodedEvent;
  /** @throws when the stored payload cannot be read by this version of the program */
  decode(type: string, schemaVersion: number, data: unknown): DomainEvent;
}

/** The events of `@dr/domain`: what everything uses but tests with events of their own. */
export const domainCodec: EventCodec = { encode: (event) => encodeEvent(event as DomainEvent), decode: decodeEvent };

/** A stored event in today's shape. */
export function upToDate(event: RecordedEvent, codec: EventCodec): ReadEvent {
  return { ...event, ...codec.decode(event.type, event.schemaVersion, event.data) };
}
