/** The last admin key of all tenants stays, whoever asks, over REST on a real log. */
import { streamOf } from '@dr/domain';
import { hashApiKey } from '../../../../libs/auth/src/api-key.ts';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
beforeEach(async () => {
  door = await frontDoor();
}, 60_000);
afterEach(() => door.close());

const idOf = (key: string) => `key_${hashApiKey(key).slice(0, 16)}`;
const revoke = (key: string, by = door.admin) =>
  door.call<{ code?: string; detail?: string }>('DELETE', `/api-keys/${idOf(key)}`, { key: by });
const works = async (key: string) => (await door.call('GET', '/api-keys', { key })).status === 200;
const admin = (expiresAt?: string) => door.key({ tenant: '*', scopes: ['admin'], ...(expiresAt && { expiresAt }) });

test('it is refused, and said what to do; other keys are no substitute', async () => {
  const soon = new Date(Date.now() + 1_000).toISOString();
  const ended = await admin(soon);
  const others = [await door.key({ tenant: 'acme', scopes: ['admin'] }), await door.key({ tenant: '*', scopes: ['backup:read'] })];
  await until(() => Date.now() > Date.parse(soon));
  const { status, body } = await revoke(door.admin);
  expect([status, body.code]).toEqual([409, 'api_key.last_admin']);
  expect(body.detail).toContain("dr api-keys create --tenant-id '*' --scopes admin");
  expect(await works(door.admin)).toBe(true);
  expect(await door.house.store.read(streamOf.apiKey(idOf(door.admin)))).toHaveLength(1);
  for (const key of [ended, ...others]) expect((await revoke(key)).status).toBe(200);
}, 60_000);

test('with another one it goes, and then that one stays', async () => {
  const next = await admin();
  expect((await revoke(door.admin, next)).status).toBe(200);
  expect([await works(door.admin), (await revoke(next, next)).status, await works(next)]).toEqual([false, 409, true]);
}, 60_000);

test('of two that are revoked at once one stays', async () => {
  const [a, b] = [await admin(), await admin()];
  expect((await revoke(door.admin, a)).status).toBe(200);
  const replies = await Promise.all([revoke(a, a), revoke(b, a)]);
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 409]);
  expect([await works(a), await works(b)].filter(Boolean)).toHaveLength(1);
}, 60_000);

test('what the catalog does not know to be revoked is known from the log', async () => {
  const gone = await admin();
  expect((await revoke(gone)).status).toBe(200);
  await door.house.owner.query(`UPDATE catalog_api_keys SET revoked = false, revoked_at = NULL WHERE key_id = '${idOf(gone)}'`);
  expect((await revoke(door.admin)).status).toBe(409);
}, 60_000);
