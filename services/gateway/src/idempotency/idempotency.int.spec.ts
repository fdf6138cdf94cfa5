/** Repeated requests, over REST on real PostgreSQL: nothing is made twice, whatever came between, and nobody gets another one's reply. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rows } from '@dr/event-store';
import { jest } from '@jest/globals';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { type Answer, type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { CatalogClient } from '../catalog-client.ts';
import { FORGET_KEYS, forgetKeys } from './forget-keys.ts';
import { RequestKeys } from './request-keys.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme' });
  for (const path of ['acme/articles', 'globex/support']) dataset(path);
}, 60_000);
afterAll(() => door.close());
afterEach(() => jest.restoreAllMocks());

function dataset(path: string): void {
  mkdirSync(join(door.house.sourceRoot, path), { recursive: true });
  writeFileSync(join(door.house.sourceRoot, path, 'meta.json'), '{}');
}

let number = 0;
const newKey = () => `request-${++number}`;
interface Post {
  body?: object;
  key?: string;
  path?: string;
}
const post = (requestKey: string, { body = {}, key = acme, path = '/backups' }: Post = {}): Promise<Answer> =>
  door.call('POST', path, { key, body, headers: { 'idempotency-key': requestKey } });
const requested = async () =>
  (await rows<{ n: number }>(door.house.database, `SELECT count(*)::int AS n FROM events WHERE type = 'BackupRequested'`))[0]!.n;
const expire = (requestKey: string, what: 'lease_until' | 'seeded_at', by: string) =>
  door.house.owner.query(`UPDATE request_keys SET ${what} = ${what} - interval '${by}' WHERE request_key = $1`, [requestKey]);

describe('a repeat', () => {
  test('gets the first reply, and says so; nothing is made', async () => {
    const key = newKey();
    const first = await post(key, { body: { description: 'nightly' } });
    const before = await requested();
    await door.backup(first.body['backup_id'] as string, { kind: 'start' });
    const again = await post(key, { body: { description: 'nightly' } });
    expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([202, 202, 'true']);
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(again.body).toEqual(first.body);
    expect(await requested()).toBe(before);
  });

  test('is the same with its fields in another order, its defaults written out, and another time to wait', async () => {
    const key = newKey();
    const first = await post(key, { body: { description: 'd', type: 'full' } });
    const again = await post(key, { body: { dataset_ids: undefined, description: 'd' }, path: '/backups?wait=0' });
    expect(again.body).toEqual(first.body);
  });

  test('without a key is another backup', async () => {
    const ids = [1, 2].map(async () => (await door.call('POST', '/backups', { key: acme, body: {} })).body['backup_id']);
    expect(new Set(await Promise.all(ids)).size).toBe(2);
  });

  test.each<[string, Post]>([
    ['with another body', { body: { description: 'other' } }],
    ['on another path', { path: '/backups/backup_20260101_000000_00000000/verify' }],
  ])('%s is 422, and nothing is done', async (_, other) => {
    const key = newKey();
    await post(key);
    const before = await requested();
    const reply = await post(key, other);
    expect([reply.status, reply.body['code']]).toEqual([422, 'idempotency.other_request']);
    expect(await requested()).toBe(before);
  });

  test('by another API key is another request', async () => {
    const key = newKey();
    const [mine, theirs] = [await post(key), await post(key, { key: await door.key({ tenant: 'globex' }) })];
    expect(theirs.status).toBe(202);
    expect([mine.body['tenant_id'], theirs.body['tenant_id']]).toEqual(['acme', 'globex']);
  });

  test('after a day is a new request', async () => {
    const key = newKey();
    const first = await post(key);
    await expire(key, 'seeded_at', '24 hours');
    const second = await post(key, { body: { description: 'today' } });
    expect(second.status).toBe(202);
    expect(second.body['backup_id']).not.toBe(first.body['backup_id']);
  });
});

describe('while the first one is in progress', () => {
  test('a repeat is 409 and told to come again, and ten at once make one backup', async () => {
    const key = newKey();
    const before = await requested();
    const replies = await Promise.all(Array.from({ length: 10 }, () => post(key)));
    const statuses = new Set(replies.map(({ status }) => status));
    expect([...statuses].every((status) => status === 202 || status === 409)).toBe(true);
    const busy = replies.find(({ status }) => status === 409);
    if (busy) expect([busy.body['code'], busy.headers['retry-after']]).toEqual(['idempotency.in_progress', '1']);
    expect(new Set(replies.filter((r) => r.status === 202).map((r) => r.body['backup_id'])).size).toBe(1);
    expect(await requested()).toBe(before + 1);
  });
});

describe('a first request that did not come to its end', () => {
  /** The backup is in the log, and then the process is gone before it wrote down its reply. */
  async function diedAfterAppending(key: string, post_: Post = {}): Promise<void> {
    jest.spyOn(CatalogClient.prototype, 'backup').mockRejectedValueOnce(Object.assign(new Error('killed'), { code: 'bus.timeout' }));
    jest.spyOn(RequestKeys.prototype, 'failed').mockResolvedValueOnce(undefined);
    expect((await post(key, post_)).status).toBeGreaterThanOrEqual(500);
    await expire(key, 'lease_until', '1 hour');
  }

  test('is gone on with: the repeat finds what was made', async () => {
    const key = newKey();
    const before = await requested();
    await diedAfterAppending(key);
    expect(await requested()).toBe(before + 1);
    const other = await door.anotherGateway();
    const again = await other('POST', '/backups', { key: acme, body: {}, headers: { 'idempotency-key': key } });
    expect(again.status).toBe(202);
    expect(await requested()).toBe(before + 1);
    expect((await door.call('GET', `/backups/${again.body['backup_id']}`)).status).toBe(200);
  });

  test('even when the data sets are others by now', async () => {
    const key = newKey();
    await diedAfterAppending(key, { body: { description: 'words' } });
    dataset('acme/late');
    const again = await (await door.anotherGateway())('POST', '/backups', {
      key: acme,
      body: { description: 'words' },
      headers: { 'idempotency-key': key },
    });
    rmSync(join(door.house.sourceRoot, 'acme/late'), { recursive: true });
    expect(again.body).toMatchObject({ dataset_ids: ['articles'], metadata: { description: 'words' } });
  });

  test('is not forgotten by a repeat that fails before it gets as far', async () => {
    const key = newKey();
    const [before, folder, other] = [await requested(), join(door.house.sourceRoot, 'acme'), await door.anotherGateway()];
    await diedAfterAppending(key);
    const again = async () => (await other('POST', '/backups', { key: acme, body: {}, headers: { 'idempotency-key': key } })).status;
    renameSync(folder, `${folder}-away`);
    expect(await again()).toBe(422);
    renameSync(`${folder}-away`, folder);
    expect(await again()).toBe(202);
    expect(await requested()).toBe(before + 1);
  });

  test('is not told as in progress by the process that saw it fail', async () => {
    const key = newKey();
    jest.spyOn(CatalogClient.prototype, 'backup').mockRejectedValueOnce(Object.assign(new Error('away'), { code: 'bus.timeout' }));
    expect((await post(key)).status).toBe(503);
    const before = await requested();
    expect((await post(key)).status).toBe(202);
    expect(await requested()).toBe(before);
  });

  test('of several backups: those that were made stay, those that were not are made', async () => {
    const key = newKey();
    const before = await requested();
    await diedAfterAppending(key, { key: door.admin, body: { all_tenants: true } });
    expect(await requested()).toBe(before + 2);
    const again = await post(key, { key: door.admin, body: { all_tenants: true } });
    expect((again.body['backups'] as object[]).length).toBe(2);
    expect(await requested()).toBe(before + 2);
  });

  test('and was refused before anything was made may be put right under the same key', async () => {
    const key = newKey();
    expect((await post(key, { body: { dataset_ids: ['no'] } })).status).toBe(404);
    expect((await post(key, { body: { dataset_ids: ['articles'] } })).status).toBe(202);
  });
});

test.each(['the same', 'another'])('a refusal that comes late takes nothing from the repeat in %s process', async (process) => {
  const mine = new RequestKeys(door.house);
  const theirs = process === 'another' ? new RequestKeys(door.house) : mine;
  const request = { keyId: 'key_late', requestKey: newKey(), digest: 'd' };
  const first = await mine.claim(request);
  await expire(request.requestKey, 'lease_until', '1 hour');
  const repeat = await theirs.claim(request);
  if (first.kind !== 'run' || repeat.kind !== 'run') throw new Error('neither has a reply yet');
  expect(repeat.seed.seed).toBe(first.seed.seed);
  await mine.failed(request, first.seed);
  await expect(mine.claim(request)).rejects.toMatchObject({ status: 409 });
  await theirs.succeeded(request, { status: 202, body: {} });
  expect(await mine.claim(request)).toEqual({ kind: 'replay', reply: { status: 202, body: {} } });
});

test.each(['', 'two words', 'x'.repeat(256), 'ä'])('the key %j is refused', async (key) => {
  const reply = await post(key);
  expect([reply.status, reply.body['code']]).toEqual([400, 'request.invalid']);
});

describe('old keys', () => {
  const fill = (name: string, count: number, age: string) =>
    door.house.owner.query(
      `INSERT INTO request_keys (key_id, request_key, digest, seed, seeded_at, owner, lease_until, reply)
       SELECT 'key_x', '${name} ' || n, 'd', gen_random_uuid(), clock_timestamp() - interval '${age}', 'o', clock_timestamp(), '{}'
         FROM generate_series(1, ${count}) AS n`,
    );
  const left = async () =>
    (
      await rows<{ name: string; n: number }>(
        door.house.database,
        `SELECT split_part(request_key, ' ', 1) AS name, count(*)::int AS n FROM request_keys WHERE key_id = 'key_x' GROUP BY 1 ORDER BY 1`,
      )
    ).map(({ name, n }) => [name, n]);

  test('are forgotten when a gateway starts, however many there are; those that still count stay', async () => {
    await fill('old', 12_000, '25 hours 1 minute');
    await fill('young', 5, '23 hours 59 minutes');
    await door.anotherGateway();
    await until(async () => (await left()).length === 1, 'the old keys to be gone');
    expect(await left()).toEqual([['young', 5]]);
  });

  test('are found along an index, the oldest first', async () => {
    await fill('old', 30, '26 hours');
    expect(await forgetKeys(door.house.database, 20)).toBe(20);
    expect(await forgetKeys(door.house.database, 20)).toBe(10);
    expect(await forgetKeys(door.house.database, 20)).toBe(0);
    const plan = await door.house.owner.transaction(async (tx) => {
      await tx.query('SET LOCAL enable_seqscan = off');
      return rows<{ 'QUERY PLAN': string }>(tx, `EXPLAIN ${FORGET_KEYS}`, [20]);
    });
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toMatch(/Index Scan using request_keys_age/);
  });
});
