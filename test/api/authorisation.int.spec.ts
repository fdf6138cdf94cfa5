/**
 * Who may do what: every route × every kind of key, from a table made of the declarations. A route that the table cannot place fails the
 * suite, so that none is added without its row. Another tenant's things answer exactly as things that do not exist.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCOPES } from '@dr/auth';
import type * as z from 'zod';
import { declarations } from '../../services/gateway/src/gateway.module.ts';
import type { RouteDeclaration } from '../../services/gateway/src/http/route.ts';
import { fullPath } from '../../services/gateway/src/openapi/openapi-document.ts';
import { type Answer, TestGateway } from './support/test-gateway.ts';

/** Whose things a request is about: ids of what there is, and a tenant's name. */
interface Things {
  tenant: string;
  ids: Record<string, string>;
}

interface Request {
  url: string;
  body?: Record<string, unknown>;
}

/** How to ask for somebody's things through a route; undefined: nothing there is anybody's. */
type Row = ((things: Things) => Request) | 'nobodys';

let gateway: TestGateway;
let own: Things;
let rival: Things;
const missing: Things = {
  tenant: 'nobody',
  ids: {
    backups: 'backup_20200101_000000_00000000',
    restores: 'restore_20200101_000000_00000000',
    verifications: 'verification_20200101_000000_00000000',
    operations: 'backup_20200101_000000_00000000',
    'api-keys': 'key_none',
    'event-subscribers': '01234567-89ab-7def-8123-456789abcdef',
  },
};

beforeAll(async () => {
  gateway = await TestGateway.start();
  for (const tenant of ['acme', 'rival']) {
    mkdirSync(join(gateway.house.sourceRoot, tenant, 'a'), { recursive: true });
    writeFileSync(join(gateway.house.sourceRoot, tenant, 'a', 'meta.json'), '{}');
  }
  [own, rival] = [await thingsOf('acme'), await thingsOf('rival')];
  placeSubscribers();
  await gateway.settled();
}, 60_000);

/** As an embedded server would have them; no such server is here to take them. */
function placeSubscribers(): void {
  const folder = join(gateway.house.config.home, 'nats');
  mkdirSync(folder, { recursive: true });
  const ended = {
    slot: 0,
    public_key: 'U',
    name: null,
    created_at: '2026-01-01T00:00:00.000Z',
    created_by: 'test',
    revoked_at: '2026-01-02T00:00:00.000Z',
  };
  const all = [own, rival].map(({ tenant, ids }) => ({ subscriber_id: ids['event-subscribers'], tenant_id: tenant, ...ended }));
  writeFileSync(join(folder, 'subscribers.json'), JSON.stringify(all));
}

afterAll(() => gateway.close());

async function thingsOf(tenant: string): Promise<Things> {
  const backup = await gateway.backup(tenant);
  const { restore, verification, apiKey } = await gateway.operationsOn(backup, tenant);
  return {
    tenant,
    ids: {
      backups: backup,
      restores: restore,
      verifications: verification,
      operations: backup,
      'api-keys': apiKey,
      'event-subscribers': tenant === 'acme' ? 'sub-1' : 'sub-2',
    },
  };
}

/** Rows that cannot be told from the declaration alone. */
const ROWS: Record<string, Row> = {
  'POST /api-keys': ({ tenant }) => ({ url: '/api/v1/api-keys', body: { tenant_id: tenant, scopes: ['backup:read'] } }),
  'GET /admin/backups': ({ tenant }) => ({ url: `/api/v1/admin/backups?tenant_filter=${tenant}` }),
  'GET /admin/backups/stats': ({ tenant }) => ({ url: `/api/v1/admin/backups/stats?tenant_filter=${tenant}` }),
  'GET /backups/{id}/diff/{other}/files': ({ ids: { backups: id } }) => ({ url: `/api/v1/backups/${id}/diff/${id}/files?dataset_id=a` }),
  'GET /config': 'nobodys',
  'POST /test-backup': 'nobodys',
  'POST /admin/catalog/rebuild': 'nobodys',
  'POST /admin/repository/adopt-rollback': 'nobodys',
};

const nameOf = ({ method, path }: RouteDeclaration): string => `${method} ${path}`;
const guarded = declarations.filter((d) => d.scope !== undefined);

/** From the path: whose id it holds. From query or body: where a tenant is named. */
function rowOf(declaration: RouteDeclaration): Row | undefined {
  const special = ROWS[nameOf(declaration)];
  if (special) return special;
  const { path, query, body } = declaration;
  const noun = /^\/([\w-]+)\/\{\w+\}/.exec(path)?.[1];
  if (noun !== undefined)
    return noun in missing.ids ? ({ ids }) => ({ url: urlOf(declaration, ids[noun]!), ...(body && { body: {} }) }) : undefined;
  if (query && 'tenant_id' in query.shape) return ({ tenant }) => ({ url: `${fullPath(declaration)}?tenant_id=${tenant}` });
  if (body && 'tenant_id' in shapeOf(body)) return ({ tenant }) => ({ url: fullPath(declaration), body: { tenant_id: tenant } });
  return undefined;
}

const shapeOf = (schema: z.ZodType): object => (schema as z.ZodObject).shape ?? {};

function urlOf(declaration: RouteDeclaration, id: string): string {
  return fullPath(declaration)
    .replace('{id}', id)
    .replace('{other}', id)
    .replaceAll(/\{\w+\}/g, 'x');
}

async function ask(
  declaration: RouteDeclaration,
  things: Things,
  key: string | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const row = rowOf(declaration)!;
  const { url, body } = row === 'nobodys' ? { url: fullPath(declaration), body: undefined } : row(things);
  if (declaration.path === '/events') return gateway.ask(declaration.method, `${url}&types=BackupFlew`, { key, headers });
  return gateway.ask(declaration.method, url, { key, body, headers });
}

test('every route that needs a key has a row', () => {
  expect(guarded.length).toBeGreaterThan(12);
  expect(guarded.filter((d) => rowOf(d) === undefined).map(nameOf)).toEqual([]);
  expect(Object.keys(ROWS).filter((name) => !guarded.some((d) => nameOf(d) === name))).toEqual([]);
});

test('only health and the documents need no key', () => {
  const open = declarations.filter((d) => d.scope === undefined).map((d) => d.path);
  expect(open.sort()).toEqual(['/docs', '/health/live', '/health/ready', '/openapi.json']);
});

describe('401: whoever is not known', () => {
  let keys: Record<string, string | undefined>;
  beforeAll(async () => {
    const past = new Date(Date.now() - 1000).toISOString();
    keys = {
      none: undefined,
      unknown: `dr_${'A'.repeat(43)}`,
      expired: await gateway.key({ tenant: 'acme', expiresAt: past }),
      'expired, of all tenants': await gateway.key({ expiresAt: past }),
      revoked: await gateway.key({ tenant: 'acme', revoked: true }),
    };
  });

  test.each(guarded.map((d) => [nameOf(d), d] as const))('%s', async (_, declaration) => {
    for (const [kind, key] of Object.entries(keys)) {
      for (const things of [own, rival, missing]) {
        const answer = await ask(declaration, things, key);
        expect([kind, answer.status, answer.body['code']]).toEqual([kind, 401, 'auth.unauthenticated']);
      }
    }
  });

  test('keys in odd places are none', async () => {
    const key = await gateway.key();
    const odd: Record<string, string>[] = [
      { authorization: `Bearer ${key}` },
      { authorization: key },
      { 'x-api-key': `${key}x` },
      { cookie: key },
    ];
    for (const headers of odd) expect((await gateway.ask('GET', '/api/v1/backups', { headers })).status).toBe(401);
    expect((await gateway.ask('GET', '/api/v1/backups', { headers: { 'x-api-key': key } })).status).toBe(200);
  });
});

describe('403: a key without the scope, whatever else it has, and whoever is asked about', () => {
  const single = new Map<string, string>();
  beforeAll(async () => {
    for (const scope of SCOPES) single.set(scope, await gateway.key({ tenant: 'acme', scopes: [scope] }));
  });

  test.each(guarded.map((d) => [nameOf(d), d] as const))('%s', async (_, declaration) => {
    for (const [scope, key] of single) {
      const allowed = scope === 'admin' || scope === declaration.scope;
      const answers = await Promise.all([own, rival, missing].map((things) => ask(declaration, things, key)));
      if (allowed) expect([scope, answers[0]!.status]).not.toEqual([scope, 403]);
      else expect([scope, answers.map((a) => [a.status, a.body['code']])]).toEqual([scope, Array(3).fill([403, 'auth.scope_missing'])]);
      if (!allowed) expect(new Set(answers.map((a) => a.body['detail'])).size).toBe(1);
    }
  });
});

describe('404: another tenant’s things are as things that are not there', () => {
  let acme: string;
  let all: string;
  beforeAll(async () => {
    [acme, all] = [await gateway.key({ tenant: 'acme' }), await gateway.key()];
  });

  const owned = guarded.filter((d) => rowOf(d) !== 'nobodys');

  test.each(owned.map((d) => [nameOf(d), d] as const))('%s', async (_, declaration) => {
    const [foreign, absent] = [await ask(declaration, rival, acme), await ask(declaration, missing, acme)];
    if (declaration.path === '/events') return void expect([foreign.status, absent.status]).toEqual([400, 400]);
    const refusal = nameOf(declaration) === 'POST /api-keys' ? 403 : 404;
    expect([foreign.status, absent.status]).toEqual([refusal, refusal]);
    expect(anonymous(foreign, rival)).toEqual(anonymous(absent, missing));
  });

  test.each(owned.map((d) => [nameOf(d), d] as const))(
    '%s is not hidden from its own tenant, nor from a key of all',
    async (_, declaration) => {
      for (const [key, things] of [
        [acme, own],
        [all, own],
        [all, rival],
      ] as const) {
        const { status } = await ask(declaration, things, key);
        expect([401, 403, 404, 500]).not.toContain(status);
      }
    },
  );

  test('a list without a tenant is the key’s own', async () => {
    for (const path of ['/backups', '/restores', '/datasets']) {
      const { text, status } = await gateway.ask('GET', `/api/v1${path}`, { key: acme });
      expect([path, status, text.includes('rival')]).toEqual([path, 200, false]);
      expect((await gateway.ask('GET', `/api/v1${path}`, { key: all })).text).toContain('rival');
    }
  });

  test('no key of one tenant asks for all, restores into another, or from another’s', async () => {
    const everybody = await gateway.ask('POST', '/api/v1/backups', { key: acme, body: { all_tenants: true } });
    expect([everybody.status, everybody.body['code']]).toEqual([403, 'auth.scope_missing']);
    const url = `/api/v1/backups/${own.ids['backups']}/restore`;
    const into = await Promise.all(
      ['rival', 'nobody'].map((target_tenant) => gateway.ask('POST', url, { key: acme, body: { target_tenant } })),
    );
    expect(into.map((a) => a.status)).toEqual([404, 404]);
    expect(String(into[0]!.body['detail']).replace('rival', 'nobody')).toBe(into[1]!.body['detail']);
    const latest = await gateway.ask('POST', '/api/v1/backups/latest/restore?tenant_id=rival', { key: acme, body: {} });
    expect(latest.status).toBe(404);
  });

  test('a foreign thing takes as long as one that is not there', async () => {
    const times = { rival: [] as number[], missing: [] as number[] };
    for (let round = 0; round < 40; round++) {
      for (const [who, things] of [
        ['rival', rival],
        ['missing', missing],
      ] as const) {
        const since = performance.now();
        await gateway.ask('GET', `/api/v1/backups/${things.ids['backups']}`, { key: acme });
        times[who].push(performance.now() - since);
      }
    }
    const median = (list: number[]) => list.sort((a, b) => a - b)[list.length / 2]!;
    expect(Math.abs(median(times.rival) - median(times.missing))).toBeLessThan(Math.max(5, median(times.missing)));
  }, 60_000);
});

/** An answer without what must differ: the request's id and the names that were asked for. */
function anonymous({ status, headers, body }: Answer, { tenant, ids }: Things): unknown {
  const names = [/\bkey_[0-9a-f]{16}\b/g, tenant, ...Object.values(ids)];
  const { request_id: _, ...rest } = body;
  const text = names.reduce<string>((all, name) => all.replaceAll(name, '…'), JSON.stringify(rest));
  return {
    status,
    type: headers['content-type'],
    headers: Object.keys(headers)
      .filter((h) => h !== 'content-length')
      .sort(),
    text,
  };
}
