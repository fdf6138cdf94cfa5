import { decodeEvent } from './log/codec.ts';
import type { DomainEvent } from './log/event-types.ts';
import type { JsonObject } from './schema/shape.ts';

/** Who and what caused an event. `actor` is a key id or the name of a service; `traceparent` as W3C Trace Context. */
export interface EventMeta {
  readonly commandId: string;
  readonly requestId: string;
  readonly actor: string;
  readonly tenant: string;
  readonly traceparent?: string;
}

/** An event as the log holds it: the payload is JSON of `schemaVersion`. `position` is dense and there once the sequencer has sealed it. */
export interface RecordedEvent {
  /** UUIDv7. */
  readonly eventId: string;
  readonly stream: string;
  /** In its stream, from 1. */
  readonly version: number;
  readonly type: string;
  readonly schemaVersion: number;
  readonly data: JsonObject;
  readonly meta: EventMeta;
  /** RFC 3339, UTC. */
  readonly recordedAt: string;
  readonly position?: number;
}

/** A recorded event after decoding: its payload has today's shape. */
export type ReadEvent<E extends DomainEvent = DomainEvent> = Omit<RecordedEvent, 'type' | 'data'> & E;

/** The event of a row of the log, brought up to today's shape. @throws UnreadableEvent. */
export function readEvent(recorded: RecordedEvent): ReadEvent {
  return { ...recorded, ...decodeEvent(recorded.type, recorded.schemaVersion, recorded.data) };
}
