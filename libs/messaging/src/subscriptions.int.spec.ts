import { type Bus, connectBus } from './bus.ts';
import { ensureTopology } from './ensure-topology.ts';
import { permissionsFor } from './permissions.ts';
import { publishEvents } from './publish-events.ts';
import { slotConsumer } from './subscriber-slots.ts';
import { closeSubscription, isSubscriberAccepted, newSubscriberKey, openSubscription } from './subscriptions.ts';
import { anEvent } from './testing/an-event.ts';
import { type OwnServer, ownServer } from './testing/own-server.ts';
import { EVENTS } from './topology.ts';

let server: OwnServer;
let catalog: Bus;
let gateway: Bus;
const { seed, publicKey } = newSubscriberKey();

beforeAll(async () => {
  const { publish, subscribe } = permissionsFor('gateway');
  const rights = `publish: { allow: ${JSON.stringify(publish)} }, subscribe: { allow: ${JSON.stringify(subscribe)} }, allow_responses: true`;
  server = await ownServer(
    `users: [ { user: c, password: p }, { user: g, password: p, permissions: { ${rights} } }, { nkey: ${publicKey} } ]`,
  );
  catalog = await connectBus({ url: server.url, user: 'c', pass: 'p', service: 'catalog' });
  gateway = await connectBus({ url: server.url, user: 'g', pass: 'p', service: 'gateway' });
  await ensureTopology(catalog);
});

afterAll(async () => {
  await Promise.all([catalog.close(), gateway.close()]);
  await server.end();
});

const waiting = async (slot: number) => (await catalog.manager.consumers.info(EVENTS, slotConsumer(slot))).num_pending;
const of = (n: number, tenant: string, stream = 'backup-b1') =>
  anEvent(n, { stream, meta: { commandId: 'c', requestId: 'r', actor: 'a', tenant } });

test('the consumer of a slot holds what its tenant has, without API keys, and nothing of another, under the rights of the gateway', async () => {
  await publishEvents(catalog, [
    of(1, 'acme'),
    of(2, 'rival'),
    of(3, 'acme', 'api_key-k'),
    of(4, 'acm'),
    of(5, '*'),
    of(6, 'acme', 'restore-r'),
  ]);
  await openSubscription(gateway, 3, 'acme');
  expect(await waiting(3)).toBe(2);
  await openSubscription(gateway, 3, 'rival');
  expect(await waiting(3)).toBe(1);
});

test('closing it ends it, and closing it again is no error', async () => {
  await openSubscription(gateway, 4, 'acme');
  await closeSubscription(gateway, 4);
  await closeSubscription(gateway, 4);
  await expect(waiting(4)).rejects.toThrow();
});

test('a key is accepted when the server knows it', async () => {
  expect(await isSubscriberAccepted(server.url, seed, 1000)).toBe(true);
  expect(await isSubscriberAccepted(server.url, newSubscriberKey().seed, 300)).toBe(false);
});
