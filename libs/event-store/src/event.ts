import type { RecordedEvent } from '@dr/domain';

export type { EventMeta, RecordedEvent } from '@dr/domain';

/** An event as a decider makes it. `schemaVersion` is 1 when neither it nor the codec says more; `eventId` is made by the store when absent. */
export interface NewEvent {
  readonly type: string;
  readonly data: object;
  readonly schemaVersion?: number;
  readonly eventId?: string;
}

/** A sealed event: what log readers get. */
export type LoggedEvent = RecordedEvent & { readonly position: number };

/** Between stored JSON and today's events: version numbers at writing, upcasting at reading. `@dr/domain` knows both. */
export interface EventCodec {
  schemaVersion(type: string): number;
  /** Called for every event read; may throw for types it does not know. */
  decode(event: RecordedEvent): RecordedEvent;
}
