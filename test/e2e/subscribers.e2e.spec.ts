/** The sample subscriber of the docs gets every event of its tenant and none of another, can do nothing else, and is cut off when it is revoked. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, nkeyAuthenticator } from '@nats-io/transport-node';
import { freshDir } from '../support/servers.ts';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

interface Subscriber {
  subscriber_id: string;
  seed: string;
  server: string;
  consumer: string;
}

const SAMPLE = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'subscribe.mjs');
const SUBSCRIBERS = '/api/v1/event-subscribers';

let house: RunningHouse;
let acme: Subscriber;
let rival: Subscriber;
const children: ChildProcess[] = [];

beforeAll(async () => {
  house = await RunningHouse.start();
  for (const tenant of ['acme', 'rival']) await place(house.source, tenant, 'tiny', ['v3-tiny', '']);
  [acme, rival] = [await subscriber('acme'), await subscriber('rival')];
}, 120_000);

afterAll(async () => {
  for (const child of children) child.kill();
  await house.stop();
}, 30_000);

async function subscriber(tenant_id: string): Promise<Subscriber> {
  const { status, body } = await house.call<Subscriber>('POST', SUBSCRIBERS, { tenant_id, name: 'audit' });
  expect([status, body]).toEqual([201, expect.objectContaining({ seed: expect.stringMatching(/^SU/) })]);
  return body;
}

/** The sample of the docs as a process of its own, with what it printed. */
function sample(of: Subscriber): {
  child: ChildProcess;
  events: () => { type: string; tenant: string; subject: string }[];
  ended: Promise<unknown>;
} {
  const file = join(freshDir('subscriber'), 'subscriber.json');
  writeFileSync(file, JSON.stringify(of));
  const child = spawn(process.execPath, [SAMPLE, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let output = '';
  child.stdout!.on('data', (bytes) => (output += String(bytes)));
  return {
    child,
    events: () =>
      output
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line)),
    ended: once(child, 'exit'),
  };
}

async function until(condition: () => boolean, msMax = 15_000): Promise<void> {
  for (let waited = 0; !condition(); waited += 50) {
    if (waited > msMax) throw new Error(`did not come true: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const asSubscriber = ({ server, seed }: Subscriber): Promise<NatsConnection> =>
  connect({ servers: server, authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)), reconnect: false });

test('the sample prints the events of its tenant, from the request to the seal, and none of another', async () => {
  const { events } = sample(acme);
  await house.run('/api/v1/backups', { tenant_id: 'rival' });
  const { backup_id } = await house.run<{ backup_id: string }>('/api/v1/backups', { tenant_id: 'acme' });
  await until(() => events().some((e) => e.type.startsWith('dr.BackupSealed.')));
  expect(new Set(events().map((e) => e.tenant))).toEqual(new Set(['acme']));
  expect(
    events()
      .filter((e) => e.subject === `backup-${backup_id}`)
      .map((e) => e.type.split('.')[1]),
  ).toEqual(['BackupRequested', 'BackupStarted', 'BackupCapturesEnded', 'BackupSealed']);
}, 60_000);

test('what a subscriber did not acknowledge, or missed, comes when it is back', async () => {
  const first = sample(rival);
  await until(() => first.events().length > 0);
  first.child.kill();
  await first.ended;
  const seen = first.events().length;
  await house.run('/api/v1/backups', { tenant_id: 'rival' });
  const second = sample(rival);
  await until(() => second.events().some((e) => e.type.startsWith('dr.BackupSealed.')));
  expect(seen + second.events().length).toBeGreaterThanOrEqual(10);
}, 60_000);

test('a subscriber can publish nothing to the house, hear nothing there, and reach no other consumer', async () => {
  const connection = await asSubscriber(acme);
  const heard: string[] = [];
  for (const subject of ['dr.>', '$JS.>', '_INBOX_gateway.>'])
    connection.subscribe(subject, { callback: (_, m) => void heard.push(m.subject) });
  await house.run('/api/v1/backups', { tenant_id: 'rival' });
  expect(heard).toEqual([]);
  for (const subject of ['dr.query.catalog.backups.list', 'dr.health.gateway', `dr.api.CONSUMER.INFO.DR_EVENTS.${rival.consumer}`]) {
    await expect(connection.request(subject, '{}', { timeout: 1000 })).rejects.toThrow(/no responders|timeout/i);
  }
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await expect(manager.streams.delete('DR_EVENTS')).rejects.toThrow();
  await expect(manager.consumers.add('DR_EVENTS', { durable_name: 'mine', filter_subject: 'dr.events.>' })).rejects.toThrow();
  const js = jetstream(connection, { apiPrefix: 'dr.api' });
  await expect(js.consumers.get('DR_EVENTS', rival.consumer)).rejects.toThrow();
  await connection.close();
}, 60_000);

test('messages cannot be sent on into the house: the subject of the reply is the subscriber’s own', async () => {
  const other = sample(rival);
  await until(() => other.events().length >= 0);
  const connection = await asSubscriber(acme);
  await house.run('/api/v1/backups', { tenant_id: 'acme' });
  connection.publish(`dr.api.CONSUMER.MSG.NEXT.DR_EVENTS.${acme.consumer}`, '{"batch":10,"no_wait":true}', {
    reply: 'dr.events.726976616c.backup.BackupSealed',
  });
  await connection.flush();
  await house.run('/api/v1/backups', { tenant_id: 'rival' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(other.events().filter((e) => e.tenant !== 'rival')).toEqual([]);
  await connection.close();
}, 60_000);

test('a revoked subscriber is cut off, cannot come back, and the house goes on', async () => {
  const { ended } = sample(acme);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { status } = await house.call('DELETE', `${SUBSCRIBERS}/${acme.subscriber_id}`);
  expect(status).toBe(200);
  await ended;
  // The server may have hung up while the client still writes.
  await expect(asSubscriber(acme)).rejects.toThrow(/authorization|EPIPE|ECONNRESET/i);
  expect((await house.run('/api/v1/backups', { tenant_id: 'acme' })).status).toBe('completed');
  const { body } = await house.call<{ subscribers: { revoked_at: string | null; seed?: string }[] }>('GET', SUBSCRIBERS);
  expect(body.subscribers.map((s) => [s.revoked_at === null, s.seed])).toEqual([
    [false, undefined],
    [true, undefined],
  ]);
}, 60_000);
