import * as z from 'zod';
import { route } from '../http/route.ts';
import { byId, tenantName, time, timeOrNull } from '../resources/scalars.ts';

const subscriber = z
  .strictObject({
    subscriber_id: z.string(),
    tenant_id: z.string(),
    name: z.string().nullable(),
    created_at: time,
    created_by: z.string(),
    revoked_at: timeOrNull,
    stream: z.string(),
    consumer: z.string(),
    api_prefix: z.string().describe('For the JetStream client, instead of `$JS.API`.'),
    server: z.string().describe('Where to connect now; an embedded server may have another port after a restart.'),
  })
  .meta({ id: 'EventSubscriber' });

const withSeed = subscriber
  .extend({ seed: z.string().describe('The NKey seed: shown now and never again.') })
  .meta({ id: 'NewEventSubscriber' });

const createBody = z.strictObject({ tenant_id: tenantName.optional(), name: z.string().max(200).optional() });
export type CreateSubscriberBody = z.infer<typeof createBody>;

const tag = 'Events';

export const createSubscriber = route({
  method: 'POST',
  path: '/event-subscribers',
  scope: 'admin',
  tag,
  summary: 'Make credentials to read a tenant’s events from NATS',
  description: 'The subscriber reads and acknowledges the events of one tenant, and can do nothing else. docs/events.md has a sample.',
  body: createBody,
  replies: { 201: { description: 'The credentials work.', schema: withSeed } },
  problems: {
    404: 'There is no such tenant that this key may see.',
    409: 'All places for subscribers are taken.',
    501: 'The NATS server is not the house’s own; its operator makes credentials.',
  },
});

export const listSubscribers = route({
  method: 'GET',
  path: '/event-subscribers',
  scope: 'admin',
  tag,
  summary: 'Who may read events from NATS',
  query: z.strictObject({ tenant_id: z.string().optional() }),
  replies: { 200: { description: 'Revoked ones too.', schema: z.strictObject({ subscribers: z.array(subscriber) }) } },
  problems: { 404: 'There is no such tenant that this key may see.' },
});

export const revokeSubscriber = route({
  method: 'DELETE',
  path: '/event-subscribers/{id}',
  scope: 'admin',
  tag,
  summary: 'Revoke a subscriber’s credentials',
  description: 'Nothing is delivered from now on, and the server ends the connection within two seconds.',
  params: byId,
  replies: { 200: { description: 'It is revoked.', schema: subscriber } },
  problems: { 404: 'There is no such subscriber that this key may see.' },
});
