/** API keys over REST, on real PostgreSQL: made, shown once, listed, revoked at once everywhere; and nobody gets more than its maker had. */
import { createHash } from 'node:crypto';
import type { Scope } from '@dr/auth';
import { streamOf } from '@dr/domain';
import { rows } from '@dr/event-store';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

interface Key {
  key_id: string;
  api_key: string;
  name: string | null;
  tenant_id: string;
  status: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
  created_by: string;
}

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme', scopes: ['admin'] });
}, 60_000);
afterAll(() => door.close());

const create = (body: object, key = acme, headers = {}) => door.call<Key & { code: string }>('POST', '/api-keys', { key, body, headers });
const made = async (body: object = { scopes: ['backup:read'] }, key = acme) => (await create(body, key)).body;
const list = async (key = acme, query = '') =>
  (await door.call<{ api_keys: Key[]; next_cursor: string | null }>('GET', `/api-keys${query}`, { key })).body;
const revoke = (id: string, key = acme) => door.call<Key & { code: string }>('DELETE', `/api-keys/${id}`, { key });
const works = async (key: string, call = door.call) => (await call('GET', '/backups', { key })).status;
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('a new key', () => {
  test('works at once, for its tenant, and is shown this once', async () => {
    const reply = await create({ scopes: ['backup:read', 'backup:read'], name: 'nightly' });
    expect(reply.status).toBe(201);
    expect(reply.headers).toMatchObject({ location: `/api/v1/api-keys/${reply.body.key_id}`, 'cache-control': 'no-store' });
    const { api_key, ...told } = reply.body;
    expect(told).toMatchObject({ name: 'nightly', tenant_id: 'acme', scopes: ['backup:read'], status: 'active', expires_at: null });
    expect(await works(api_key)).toBe(200);
    const seen = await door.call<Key>('GET', `/api-keys/${told.key_id}`, { key: acme });
    expect({ ...seen.body, last_used_at: null }).toEqual(told);
    expect(JSON.stringify([seen.body, await list()])).not.toContain(api_key);
  });

  test('is in the log as its SHA-256 only, its name as a digest', async () => {
    const { key_id, api_key } = await made({ scopes: ['backup:read'], name: 'Ada’s laptop' });
    const [event] = await door.house.store.read(streamOf.apiKey(key_id));
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
    expect(event?.data).toMatchObject({ hash: sha256(api_key), labelDigest: sha256('Ada’s laptop') });
    const everything = await rows(door.house.database, `SELECT convert_from(body, 'UTF8') AS body FROM events`);
    expect(JSON.stringify(everything)).not.toMatch(new RegExp(`${api_key}|Ada`));
  });

  test('of all tenants must be asked for by that name', async () => {
    const unnamed = await create({ scopes: ['backup:read'] }, door.admin);
    expect([unnamed.status, unnamed.body.code]).toEqual([400, 'request.tenant_needed']);
    expect((await create({ scopes: ['backup:read'], tenant_id: '*' }, door.admin)).body.tenant_id).toBe('*');
  });

  test('ends at its time, in UTC whatever zone it was given in', async () => {
    const soon = await made({ scopes: ['backup:read'], expires_at: new Date(Date.now() + 1_500).toISOString().replace('Z', '+00:00') });
    expect(soon.expires_at).toMatch(/Z$/);
    expect(await works(soon.api_key)).toBe(200);
    await until(async () => (await works(soon.api_key)) === 401);
    expect((await list()).api_keys.find((k) => k.key_id === soon.key_id)?.status).toBe('expired');
  });

  test('shows when it was last used', async () => {
    const { key_id, api_key } = await made();
    await works(api_key);
    const used = await until(
      async () => (await door.call<Key>('GET', `/api-keys/${key_id}`, { key: acme })).body.last_used_at ?? undefined,
    );
    expect(Math.abs(Date.parse(used) - Date.now())).toBeLessThan(60_000);
  });
});

describe('no key grants beyond its own', () => {
  const cases: [string, { tenant: string; scopes: Scope[]; expiresAt?: string }, object, number, string][] = [
    ['another tenant', { tenant: 'acme', scopes: ['admin'] }, { tenant_id: 'globex' }, 403, 'api_key.beyond_own_grant'],
    ['a tenant that is not there', { tenant: 'acme', scopes: ['admin'] }, { tenant_id: 'nobody' }, 403, 'api_key.beyond_own_grant'],
    ['all tenants', { tenant: 'acme', scopes: ['admin'] }, { tenant_id: '*' }, 403, 'api_key.beyond_own_grant'],
    ['admin of its own tenant', { tenant: 'acme', scopes: ['admin'] }, { scopes: ['admin'] }, 201, ''],
    ['any tenant from all', { tenant: '*', scopes: ['admin'] }, { tenant_id: 'globex', scopes: ['admin'] }, 201, ''],
    ['a life without end', { tenant: 'acme', scopes: ['admin'], expiresAt: inHours(2) }, {}, 403, 'api_key.beyond_own_grant'],
    [
      'a longer life',
      { tenant: 'acme', scopes: ['admin'], expiresAt: inHours(2) },
      { expires_at: inHours(3) },
      403,
      'api_key.beyond_own_grant',
    ],
    ['a shorter life', { tenant: 'acme', scopes: ['admin'], expiresAt: inHours(2) }, { expires_at: inHours(1) }, 201, ''],
    ['anything without admin', { tenant: 'acme', scopes: ['backup:read', 'policy:manage'] }, {}, 403, 'auth.scope_missing'],
  ];
  test.each(cases)('%s', async (_, own, body, status, code) => {
    const reply = await create({ scopes: ['backup:read'], ...body }, await door.key(own));
    expect(reply.status).toBe(status);
    if (code) expect(reply.body.code).toBe(code);
  });
});

test.each<[string, object, number]>([
  ['no scope', { scopes: [] }, 400],
  ['no scopes at all', {}, 400],
  ['a scope that is none', { scopes: ['backup:write'] }, 400],
  ['an end that is past', { scopes: ['backup:read'], expires_at: '2020-01-01T00:00:00Z' }, 422],
  ['an end that is no time', { scopes: ['backup:read'], expires_at: 'tomorrow' }, 400],
  ['an unknown field', { scopes: ['backup:read'], tenant: 'globex' }, 400],
  ['a name without end', { scopes: ['backup:read'], name: 'x'.repeat(257) }, 400],
])('%s is refused', async (_, body, status) => expect((await create(body)).status).toBe(status));

describe('an admin of a tenant', () => {
  test('sees and revokes the keys of its tenant only; another’s are not there', async () => {
    const [own, foreign] = [await made(), await made({ scopes: ['backup:read'], tenant_id: 'globex' }, door.admin)];
    const everywhere = await made({ scopes: ['backup:read'], tenant_id: '*' }, door.admin);
    const ids = (await list()).api_keys.map((k) => k.key_id);
    expect([own, foreign, everywhere].map((k) => ids.includes(k.key_id))).toEqual([true, false, false]);
    for (const { key_id, api_key } of [foreign, everywhere]) {
      expect((await door.call('GET', `/api-keys/${key_id}`, { key: acme })).status).toBe(404);
      expect([(await revoke(key_id)).status, await works(api_key)]).toEqual([404, 200]);
    }
    expect((await door.call('GET', '/api-keys?tenant_id=globex', { key: acme })).status).toBe(404);
    expect((await list(door.admin, '?tenant_id=globex')).api_keys.map((k) => k.key_id)).toContain(foreign.key_id);
  });

  test('reads them in pages, newest first, each once', async () => {
    const tenant = await door.key({ tenant: 'pages', scopes: ['admin'] });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await made({ scopes: ['backup:read'] }, tenant)).key_id);
    const seen: string[] = [];
    for (let query = '?limit=2'; ; ) {
      const page = await list(tenant, query);
      seen.push(...page.api_keys.map((k) => k.key_id));
      if (page.next_cursor === null) break;
      query = `?limit=2&cursor=${page.next_cursor}`;
    }
    expect(seen.slice(0, 5)).toEqual(ids.reverse());
    expect(new Set(seen).size).toBe(6);
  });
});

describe('revoked', () => {
  test('it is refused at every gateway when the reply is there, and stays so', async () => {
    const other = await door.anotherGateway();
    const { key_id, api_key } = await made();
    expect([await works(api_key), await works(api_key, other)]).toEqual([200, 200]);
    const reply = await revoke(key_id);
    expect([reply.status, reply.body.status, reply.body.revoked_at]).toEqual([200, 'revoked', expect.stringMatching(/Z$/)]);
    expect([await works(api_key), await works(api_key, other)]).toEqual([401, 401]);
    expect((await revoke(key_id)).body.revoked_at).toBe(reply.body.revoked_at);
  });

  test('it is refused even while the catalog lags behind the log', async () => {
    const { api_key, key_id } = await made();
    await door.house.owner.query(`UPDATE processors SET position = position + 1000000 WHERE name = 'catalog'`);
    const pending = revoke(key_id);
    await until(async () => (await door.house.store.read(streamOf.apiKey(key_id))).length === 2);
    expect(await works(api_key)).toBe(401);
    await door.house.owner.query(`UPDATE processors SET position = position - 1000000 WHERE name = 'catalog'`);
    await pending;
  });

  test.each(['key_nobody', 'x y', '%F0%9F%98%80'])('a key that is not there is 404: %s', async (id) =>
    expect((await revoke(id)).status).toBe(404),
  );
});

test('a repeat under an Idempotency-Key makes no second key and cannot show the first one again', async () => {
  const headers = { 'idempotency-key': 'once' };
  const first = await create({ scopes: ['backup:read'] }, acme, headers);
  const before = (await list()).api_keys.length;
  const again = await create({ scopes: ['backup:read'] }, acme, headers);
  expect([first.status, again.status, again.body.code]).toEqual([201, 409, 'idempotency.secret_shown_once']);
  expect(JSON.stringify(again.body)).toContain(first.body.key_id);
  expect((await list()).api_keys.length).toBe(before);
  const kept = await rows(door.house.database, 'SELECT reply FROM request_keys');
  expect(JSON.stringify(kept)).not.toContain(first.body.api_key);
});
