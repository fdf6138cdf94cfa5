#!/usr/bin/env node
/**
 * Prints the events of one tenant as JSON lines, from wherever it stopped the last time. Needs the packages @nats-io/transport-node and
 * @nats-io/jetstream, and what POST /api/v1/event-subscribers answered, as a file: node subscribe.mjs subscriber.json
 */
import { readFileSync } from 'node:fs';
import { jetstream } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';

const { server, seed, stream, consumer, api_prefix: apiPrefix } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const connection = await connect({ servers: server, authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) });
connection.closed().then((error) => process.exit(error ? 1 : 0));

const events = await jetstream(connection, { apiPrefix }).consumers.get(stream, consumer);
for await (const message of await events.consume()) {
  // Delivered at least once: an event whose id was seen before is the same event.
  const attribute = (name) => decodeURIComponent(message.headers.get(`ce-${name}`));
  const event = {
    id: attribute('id'),
    type: attribute('type'),
    tenant: attribute('tenant'),
    subject: attribute('subject'),
    data: message.json(),
  };
  process.stdout.write(`${JSON.stringify(event)}\n`);
  message.ack();
}
