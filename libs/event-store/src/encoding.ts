import { canonicalJson } from '@dr/domain';
import { BodyUnreadable, UnstorableEvent } from './errors.ts';
import type { RecordedEvent } from './event.ts';

/** Events per append. A decision that makes more should be several streams. */
export const APPEND_EVENTS_MAX = 500;
/** Bytes of one encoded event: fits a NATS message of 1 MiB with its headers. */
export const EVENT_BYTES_MAX = 1_000_000;

/**
 * The bytes of an event: its whole envelope (without the position) as canonical JSON, RFC 8785, in UTF-8. They are stored once and
 * never rendered again: the hash chain, the archive and every reader use these very bytes.
 * @throws UnstorableEvent for numbers and strings that JSON or PostgreSQL cannot hold, and for events over EVENT_BYTES_MAX.
 */
export function encodeBody(event: RecordedEvent): Buffer {
  const { position: _, ...envelope } = event;
  const bytes = Buffer.from(canonicalText(envelope, event), 'utf8');
  if (bytes.length > EVENT_BYTES_MAX) {
    throw new UnstorableEvent(
      event.stream,
      `${event.type} has ${bytes.length} bytes, the limit is ${EVENT_BYTES_MAX}. Store large content as an object and put its digest into the event.`,
    );
  }
  return bytes;
}

function canonicalText(envelope: object, event: RecordedEvent): string {
  let text: string;
  try {
    text = canonicalJson(envelope);
  } catch (cause) {
    throw new UnstorableEvent(
      event.stream,
      `${event.type} is not JSON: ${(cause as Error).message}. Write 64-bit numbers as decimal strings.`,
    );
  }
  if (!text.isWellFormed() || /\\u0000|\\ud[89a-f]/.test(text)) {
    throw new UnstorableEvent(
      event.stream,
      `${event.type} holds a NUL or half a surrogate pair, which PostgreSQL cannot store. Encode such text (base64) first.`,
    );
  }
  return text;
}

/** The event in stored bytes. @throws BodyUnreadable */
export function decodeBody(body: Uint8Array, where: string): RecordedEvent {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as RecordedEvent;
  } catch (cause) {
    throw new BodyUnreadable(where, cause);
  }
}
