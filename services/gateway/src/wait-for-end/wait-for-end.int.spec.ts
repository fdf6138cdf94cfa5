/** `?wait=` over REST: the end state when it comes in time, else what there is, and never longer than was asked. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../../../../libs/service/src/testing/test-house.ts';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import type { CatalogClient } from '../catalog-client.ts';
import type { Views } from '../read-own-write/views.ts';
import { WaitForEnd } from './wait-for-end.ts';

let door: FrontDoor;
beforeAll(async () => {
  door = await frontDoor();
  for (const tenant of ['acme', 'globex']) {
    mkdirSync(join(door.house.sourceRoot, tenant, 'set'), { recursive: true });
    writeFileSync(join(door.house.sourceRoot, tenant, 'set/meta.json'), '{}');
  }
}, 60_000);
afterAll(() => door.close());

const begin = (query: string, body: object = { tenant_id: 'acme' }, headers = {}) =>
  door.call('POST', `/backups${query}`, { body, headers });
const running = async (tenant: string): Promise<string> =>
  until(async () => {
    const { body } = await door.call<{ backups: { backup_id: string }[] }>('GET', `/backups?tenant_id=${tenant}&status=pending`);
    return body.backups[0]?.backup_id;
  });
const fail = (backupId: string) =>
  door.backup(backupId, { kind: 'recordDecision', decision: { kind: 'tombstone', backupId, reason: 'failed', code: 'a.b', message: 'c' } });

test('200 with the end state', async () => {
  const waiting = begin('?wait=20');
  await fail(await running('acme'));
  const { status, body } = await waiting;
  expect([status, body['status']]).toEqual([200, 'failed']);
});

test('202 when it is not over in time', async () => {
  const from = performance.now();
  const { status, body, headers } = await begin('?wait=1');
  expect([status, body['status'], headers['location']]).toEqual([202, 'pending', `/api/v1/backups/${body['backup_id']}`]);
  expect(performance.now() - from).toBeGreaterThan(900);
  expect(performance.now() - from).toBeLessThan(4_000);
  await fail(body['backup_id'] as string);
});

test('several are waited for until all have ended', async () => {
  const waiting = begin('?wait=20', { all_tenants: true });
  for (const tenant of ['acme', 'globex']) await fail(await running(tenant));
  const { status, body } = await waiting;
  expect([status, (body['backups'] as { status: string }[]).map((b) => b.status)]).toEqual([200, ['failed', 'failed']]);
});

test('hundreds are asked after one by one, so that the catalog refuses none', async () => {
  let [atOnce, most] = [0, 0];
  const backup = async (id: string) => {
    most = Math.max(most, ++atOnce);
    await pause(1);
    atOnce--;
    return { backup_id: id, status: 'completed' };
  };
  const waiting = new WaitForEnd(door.house, { backup } as unknown as CatalogClient, {} as Views);
  const backups = Array.from({ length: 300 }, (_, i) => ({ backup_id: `backup_${i}`, status: i === 7 ? 'failed' : 'pending' }));
  const latest = await waiting['look']({ backups }, { allTenants: true });
  expect((latest['backups'] as { status: string }[]).map((b) => b.status)).toEqual(
    backups.map((_, i) => (i === 7 ? 'failed' : 'completed')),
  );
  expect(most).toBe(1);
});

test("the catalog's word ends the wait at once, long before it would be looked at again", async () => {
  const words: (() => void)[] = [];
  const read: string[] = [];
  const backup = async (id: string) => {
    read.push(id);
    return { backup_id: id, status: read.length < 3 ? 'running' : 'completed' };
  };
  const changed = (stream: string) =>
    new Promise<void>((resolve) => words.push(() => resolve(void expect(stream).toBe('backup-backup_1'))));
  const waiting = new WaitForEnd(door.house, { backup } as unknown as CatalogClient, { changed } as unknown as Views);
  const request = { query: { wait: 300 }, caller: { tenant: '*' }, raw: { destroyed: true } };
  let codes = 0;
  const reply = { raw: {}, status: (code: number) => (codes = code) };
  const ended = waiting['wait'](request as never, reply as never, { backup_id: 'backup_1', status: 'pending' });
  for (let word = 0; word < 3; word++) {
    expect(read).toHaveLength(word);
    words[word]!();
    await pause(10);
  }
  expect(await ended).toMatchObject({ status: 'completed' });
  expect([read.length, codes]).toEqual([3, 200]);
});

test('a repeat under the same key waits too, although the first reply is kept', async () => {
  const headers = { 'idempotency-key': 'waiting' };
  const first = await begin('?wait=0', { tenant_id: 'acme' }, headers);
  const waiting = begin('?wait=20', { tenant_id: 'acme' }, headers);
  await fail(first.body['backup_id'] as string);
  expect((await waiting).body).toMatchObject({ backup_id: first.body['backup_id'], status: 'failed' });
});

test.each(['?wait=301', '?wait=-1', '?wait=soon', '?wait=1.5', '?wait=1&wait=2'])(
  '%s is refused before anything is begun',
  async (query) => {
    const before = (await door.call<{ backups: object[] }>('GET', '/backups')).body.backups.length;
    expect((await begin(query)).status).toBe(400);
    expect((await door.call<{ backups: object[] }>('GET', '/backups')).body.backups.length).toBe(before);
  },
);
