/** GET /events: everything of the caller's tenant, in order, once, however often the client is cut off; nothing of anybody else. */
import { setTimeout as pause } from 'node:timers/promises';
import { hashApiKey } from '@dr/auth';
import { apiKeyDecider, schemaVersionOf, streamOf } from '@dr/domain';
import { until } from '../../libs/service/src/testing/test-house.ts';
import { type Received, SseClient } from './support/sse.ts';
import { TestGateway } from './support/test-gateway.ts';

let gateway: TestGateway;
let url: string;
let key: string;
const open: SseClient[] = [];

beforeAll(async () => {
  gateway = await TestGateway.start();
  url = `${await gateway.listen()}/api/v1/events`;
  key = await gateway.key({ tenant: 'acme', scopes: ['backup:read'] });
}, 60_000);

afterEach(async () => void (await Promise.all(open.splice(0).map((client) => client.close()))));
afterAll(() => gateway.close());

async function listen(query: string, headers: Record<string, string> = {}, apiKey = key): Promise<SseClient> {
  const client = await SseClient.open(`${url}${query}`, { authorization: `ApiKey ${apiKey}`, ...headers });
  open.push(client);
  return client;
}

const ids = (received: readonly Received[]) => received.map((r) => r.id);

/** Ids of the log's events of a tenant's backups, in the order of the log. */
async function logged(tenant: string): Promise<string[]> {
  await gateway.settled();
  const sql = `SELECT l.event_id AS id FROM event_log l JOIN events e ON e.event_id = l.event_id
    WHERE convert_from(e.body, 'UTF8')::jsonb -> 'meta' ->> 'tenant' = $1 AND e.stream LIKE 'backup-%' ORDER BY l.position`;
  return ((await gateway.house.database.query(sql, [tenant])) as { id: string }[]).map((row) => row.id);
}

const burst = (tenant: string, count: number) => Promise.all(Array.from({ length: count }, () => gateway.backup(tenant)));

test('events come as CloudEvents while they happen, only the tenant’s own', async () => {
  const client = await listen('');
  expect([client.status, client.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  expect(client.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  await burst('rival', 3);
  const id = await gateway.backup('acme', ['articles']);
  await until(() => client.received.length > 0);
  await gateway.settled();
  expect(client.received.length).toBe(1);
  expect(client.received[0]!.data).toMatchObject({
    specversion: '1.0',
    type: `dr.BackupRequested.v${schemaVersionOf('BackupRequested')}`,
    source: 'urn:tributary-dr',
    subject: `backup-${id}`,
    tenant: 'acme',
    data: { backupId: id, datasets: [{ datasetId: 'articles' }] },
  });
  expect(JSON.stringify(client.received)).not.toMatch(/position|rival/);
});

test('a client that is cut off again and again sees every event once and in order', async () => {
  const seen: string[] = [];
  const writers = Promise.all([burst('acme', 60), burst('rival', 60)]);
  let last = '0';
  for (let round = 0; round < 25; round++) {
    const client = await listen(round % 2 === 0 ? `?after=${last}` : '?after=0', round % 2 === 0 ? {} : { 'last-event-id': last });
    for (let tries = 0; tries < 10 && client.received.length <= round % 5; tries++) await pause(20);
    await client.close();
    seen.push(...(ids(client.received) as string[]));
    last = seen.at(-1) ?? last;
  }
  await writers;
  const all = await logged('acme');
  const rest = await listen(`?after=${last}`);
  await until(() => seen.length + rest.received.length >= all.length);
  expect([...seen, ...ids(rest.received)]).toEqual(all);
}, 60_000);

test('a client that was cut off before its first event goes on from where it began', async () => {
  await gateway.backup('acme');
  await burst('rival', 3);
  await gateway.settled();
  const cut = await listen('');
  await until(() => cut.place !== undefined);
  await cut.close();
  const missed = await gateway.backup('acme');
  await gateway.settled();
  const again = await listen('', { 'last-event-id': cut.place! });
  await until(() => again.received.length > 0);
  expect(again.received.map(({ data }) => data['subject'])).toEqual([`backup-${missed}`]);
  expect((await logged('acme')).includes(cut.place!)).toBe(true);
});

test('many streams at once, from the start and from now, all see the same', async () => {
  const key2 = await gateway.key({ tenant: '*', scopes: ['backup:read'] });
  const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => listen('?after=0', {}, i % 2 ? key : key2)));
  await Promise.all([burst('acme', 20), burst('rival', 20)]);
  const own = await logged('acme');
  for (const client of clients.filter((_, i) => i % 2)) {
    await until(() => client.received.length >= own.length);
    expect(ids(client.received)).toEqual(own);
  }
  const everything = clients[0]!;
  await until(() => own.every((id) => ids(everything.received).includes(id)));
  expect(new Set(everything.received.map((r) => r.data['tenant']))).toEqual(new Set(['acme', 'rival']));
  expect(everything.received.some((r) => String(r.data['subject']).startsWith('api_key-'))).toBe(false);
}, 60_000);

test('types narrow the stream, by either name; keys of administrators see those of API keys', async () => {
  const admin = await gateway.key({ tenant: 'acme', scopes: ['admin'] });
  const client = await listen('?after=0&types=ApiKeyCreated,dr.BackupSealed.v1', {}, admin);
  await until(() => client.received.length > 0);
  expect(new Set(client.received.map((r) => r.data['type']))).toEqual(new Set(['dr.ApiKeyCreated.v1']));
  const others = await listen('?after=0&types=ApiKeyCreated');
  await until(() => gateway.settled().then(() => true));
  expect(others.received).toEqual([]);
});

test.each([
  ['a type that is none', '?types=BackupFlew', 400],
  ['an id that is none', '?after=5', 400],
  ['an event that is not there', '?after=01234567-89ab-7def-8123-456789abcdef', 404],
  ['another tenant', '?tenant_id=rival', 404],
])('%s is refused before the stream begins', async (_, query, status) => {
  const reply = await gateway.ask('GET', `/api/v1/events${query}`, { key });
  expect([reply.status, reply.headers['content-type']]).toEqual([status, 'application/problem+json; charset=utf-8']);
});

test("another tenant's event is no place to begin from, in the words of one that does not exist", async () => {
  const [theirs] = await burst('rival', 1).then(() => logged('rival'));
  const missing = '01234567-89ab-7def-8123-456789abcdef';
  const [a, b] = await Promise.all([theirs!, missing].map((id) => gateway.ask('GET', `/api/v1/events?after=${id}`, { key })));
  expect([a!.status, b!.status]).toEqual([404, 404]);
  expect(String(a!.body['detail']).replace(theirs!, 'X')).toBe(String(b!.body['detail']).replace(missing, 'X'));
});

test('a stream ends when its key is revoked, and the others go on', async () => {
  const short = await gateway.key({ tenant: 'acme', scopes: ['backup:read'] });
  const [ending, staying] = [await listen('', {}, short), await listen('')];
  const sql = 'SELECT key_id FROM catalog_api_keys WHERE hash = $1';
  const [row] = (await gateway.house.database.query(sql, [hashApiKey(short)])) as { key_id: string }[];
  const options = { commandId: gateway.house.newId(), meta: { tenant: 'acme', requestId: 'test', actor: 'test' } };
  await gateway.house.store.decide(streamOf.apiKey(row!.key_id), apiKeyDecider, { kind: 'revoke' }, options);
  await ending.ended;
  await gateway.backup('acme');
  await until(() => staying.received.length > 0);
  expect((await gateway.ask('GET', '/api/v1/events', { key: short })).status).toBe(401);
});

test('a stream ends when its key expires', async () => {
  const expiresAt = new Date(Date.now() + 2_500).toISOString();
  const client = await listen('', {}, await gateway.key({ tenant: 'acme', scopes: ['backup:read'], expiresAt }));
  expect(client.status).toBe(200);
  await client.ended;
});

test('a key may have 50 streams open and is told to wait with the next', async () => {
  const busy = await gateway.key({ tenant: 'acme', scopes: ['backup:read'] });
  await Promise.all(Array.from({ length: 50 }, () => listen('', {}, busy)));
  const reply = await gateway.ask('GET', '/api/v1/events', { key: busy });
  expect([reply.status, reply.headers['retry-after']]).toEqual([429, '30']);
});
