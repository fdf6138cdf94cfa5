/** Who comes in: the guard over REST, on a real catalog. */
import { SCOPES } from '@dr/auth';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
beforeAll(async () => {
  door = await frontDoor();
}, 60_000);
afterAll(() => door.close());

const asked = async (headers: Record<string, string>, path = '/backups') => door.call('GET', path, { key: '', headers });

test('a key is taken from either header', async () => {
  const key = await door.key({ tenant: 'acme' });
  expect((await asked({ authorization: `ApiKey ${key}` })).status).toBe(200);
  expect((await asked({ 'x-api-key': key })).status).toBe(200);
});

test.each<[string, () => Promise<Record<string, string>>]>([
  ['no key', async () => ({})],
  ['an empty one', async () => ({ 'x-api-key': '' })],
  ['another scheme', async () => ({ authorization: `Bearer ${await door.key({ tenant: 'acme' })}` })],
  ['one that nobody made', async () => ({ 'x-api-key': `dr_${'A'.repeat(43)}` })],
  ['one with a NUL', async () => ({ 'x-api-key': 'dr_%00' })],
  ['an expired one', async () => ({ 'x-api-key': await door.key({ tenant: 'acme', expiresAt: '2020-01-01T00:00:00.000Z' }) })],
  ['two different ones', async () => ({ 'x-api-key': await door.key({ tenant: 'acme' }), authorization: `ApiKey ${door.admin}` })],
])('%s is 401, in the same words for every key that is not good', async (_, headers) => {
  const { status, body } = await asked(await headers());
  expect([status, body['code']]).toEqual([401, 'auth.unauthenticated']);
  expect(body['detail']).toMatch(/needed|unknown, revoked or expired/);
});

test('without a key nobody learns whether a thing is there, nor which fields a request has', async () => {
  const answers = await Promise.all([
    asked({}, '/backups/backup_20260101_000000_00000000'),
    asked({}, '/api-keys/key_1'),
    door.call('POST', '/backups', { key: '', body: { nonsense: true } }),
    door.call('DELETE', '/backups/x?force=nonsense', { key: '' }),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
});

test.each(SCOPES)('the scope %s opens its routes and no others', async (scope) => {
  const key = await door.key({ tenant: 'acme', scopes: [scope] });
  const opened = async (method: string, path: string) =>
    (await door.call(method, path, { key, body: method === 'GET' ? undefined : {} })).status !== 403;
  const admin = scope === 'admin';
  expect({
    read: await opened('GET', '/backups'),
    create: await opened('POST', '/backups'),
    cancel: await opened('POST', '/backups/b/cancel'),
    delete: await opened('DELETE', '/backups/b'),
    restore: await opened('POST', '/backups/b/restore'),
    verify: await opened('POST', '/backups/b/verify'),
    keys: await opened('GET', '/api-keys'),
  }).toEqual({
    read: admin || scope === 'backup:read',
    create: admin || scope === 'backup:create',
    cancel: admin || scope === 'backup:create',
    delete: admin || scope === 'backup:delete',
    restore: admin || scope === 'restore:run',
    verify: admin || scope === 'verify:run',
    keys: admin,
  });
});

test('health needs none', async () => expect((await asked({}, '/health/live')).status).toBe(200));
