import { setTimeout as pause } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { slotConsumer, subscribedSubjects } from './subscriber-slots.ts';
import { ACK_WAIT_MS, EVENTS } from './topology.ts';

export interface SubscriberKey {
  /** What the subscriber keeps; it is shown once and stored nowhere. */
  readonly seed: string;
  /** What the server knows. */
  readonly publicKey: string;
}

export function newSubscriberKey(): SubscriberKey {
  const pair = nkeys.createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

/** Makes the consumer of a slot: everything of one tenant that the stream still has, and what comes. What the slot had before is forgotten. */
export async function openSubscription(bus: Bus, slot: number, tenant: string): Promise<void> {
  await closeSubscription(bus, slot);
  await bus.manager.consumers.add(EVENTS, {
    durable_name: slotConsumer(slot),
    filter_subjects: subscribedSubjects(tenant),
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ACK_WAIT_MS * 1_000_000,
    max_ack_pending: 1000,
    max_waiting: 16,
  });
}

/** Nothing is delivered any more when this resolves. No error when there was no consumer. */
export async function closeSubscription(bus: Bus, slot: number): Promise<void> {
  try {
    await bus.manager.consumers.delete(EVENTS, slotConsumer(slot));
  } catch (error) {
    const isMissing = error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound;
    if (!isMissing) throw error;
  }
}

/** Whether the server takes this key within `waitMs`; it may have to read its configuration first. */
export async function isSubscriberAccepted(url: string, seed: string, waitMs: number): Promise<boolean> {
  const servers = url.replace(/^(\w+:\/\/)?.*@/, '$1');
  for (let waited = 0; waited <= waitMs; waited += 250) {
    try {
      const connection = await connect({ servers, authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)), reconnect: false });
      await connection.close();
      return true;
    } catch {
      await pause(250);
    }
  }
  return false;
}
