import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from './bus.ts';
import { type ReceivedEvent, toMessage } from './cloud-events.ts';
import { PublishFailed } from './errors.ts';
import { EVENTS } from './topology.ts';

const IN_FLIGHT_MAX = 256;
const ACK_TIMEOUT_MS = 5_000;

/**
 * Publishes events in the order given, and resolves when the stream has acknowledged each as stored. For the relay (`Relay.publish`).
 * Safe to repeat: an event that is stored already is not stored again (`Nats-Msg-Id`, within the stream's duplicate window; beyond it
 * subscribers know repeats by `ce-id` and `ce-position`).
 * @throws PublishFailed when an acknowledgement is missing; then no event behind the missing one was stored before it.
 */
export async function publishEvents(bus: Bus, events: readonly ReceivedEvent[]): Promise<void> {
  for (let from = 0; from < events.length; from += IN_FLIGHT_MAX) {
    const window = events.slice(from, from + IN_FLIGHT_MAX);
    const done = await publishTogether(bus, window);
    for (const event of window.slice(done)) await publishAlone(bus, event);
  }
}

/**
 * Sends a window without waiting for each acknowledgement. Every event names the one before as the last that must be stored, so when one is
 * lost (a reconnect) the server refuses the later ones and the order holds.
 * @returns how many from the front are stored.
 */
async function publishTogether(bus: Bus, window: readonly ReceivedEvent[]): Promise<number> {
  const acks = await Promise.allSettled(window.map((event, i) => publish(bus, event, window[i - 1]?.eventId)));
  const failed = acks.findIndex(({ status }) => status === 'rejected');
  return failed === -1 ? window.length : failed;
}

/** Without naming the one before: that would fail for ever when only a part of a repeated batch is beyond the duplicate window. */
async function publishAlone(bus: Bus, event: ReceivedEvent): Promise<void> {
  try {
    await publish(bus, event);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const what = `The event ${event.eventId} (position ${event.position}) was not acknowledged by the stream ${EVENTS}`;
    throw new PublishFailed(`${what}: ${why}. Publish it again.`, { cause, details: { position: event.position } });
  }
}

async function publish(bus: Bus, event: ReceivedEvent, lastMsgID?: string): Promise<void> {
  const { subject, headers, data } = toMessage(event);
  const expect = { streamName: EVENTS, ...(lastMsgID === undefined ? {} : { lastMsgID }) };
  await bus.stream.publish(subject, data, { headers, timeout: ACK_TIMEOUT_MS, expect });
}

const TRIES = 2;

/** Publishes one message to a stream. @throws PublishFailed after two tries (at most 5 s); repeats are possible unless `headers` holds a `Nats-Msg-Id`. */
export async function publishStored(
  bus: Bus,
  subject: string,
  data: string | Uint8Array,
  options: Parameters<Bus['stream']['publish']>[2] = {},
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await bus.stream.publish(subject, data, { timeout: 2_000, ...options });
      return;
    } catch (cause) {
      if (attempt === TRIES || bus.connection.isClosed()) {
        throw new PublishFailed(`The message to ${subject} was not acknowledged: ${(cause as Error).message}.`, { cause });
      }
      await pause(200 * attempt);
    }
  }
}
