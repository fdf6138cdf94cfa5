import type { JsMsg } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import type { Bus } from './bus.ts';
import { encodeHeader } from './cloud-events.ts';
import { publishStored } from './publish-events.ts';
import { subjectOf } from './subjects.ts';
import { DEAD } from './topology.ts';

/**
 * Stores a message in DR_DEAD as it was, with why and from where in its headers (`dr-error`, `dr-code`, `dr-subject`, `dr-deliveries`).
 * Safe to repeat: the same message is stored once.
 * @throws PublishFailed; the message must not be acknowledged then.
 */
export async function buryMessage(bus: Bus, { kind, message, error }: { kind: string; message: JsMsg; error: unknown }): Promise<void> {
  const all = headers();
  for (const [name, values] of message.headers ?? []) if (!name.startsWith('Nats-')) all.set(name, values[0] ?? '');
  const { code } = Object(error) as { code?: unknown };
  all.set('Nats-Msg-Id', `${message.info.stream}-${message.seq}-${message.timestampNanos}`);
  all.set('dr-error', encodeHeader(error instanceof Error ? error.message : String(error)).slice(0, 2_000));
  all.set('dr-code', typeof code === 'string' ? encodeHeader(code) : 'internal');
  all.set('dr-subject', message.subject);
  all.set('dr-deliveries', String(message.info.deliveryCount));
  await publishStored(bus, subjectOf.dead(kind), message.data, { headers: all, expect: { streamName: DEAD } });
}
