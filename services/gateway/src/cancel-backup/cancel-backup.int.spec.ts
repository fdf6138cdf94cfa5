/** The wish to cancel over REST, on real PostgreSQL and NATS; the archiver's part stands beside the archiver. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { streamOf } from '@dr/domain';
import { rows } from '@dr/event-store';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme' });
  mkdirSync(join(door.house.sourceRoot, 'acme/articles'), { recursive: true });
  writeFileSync(join(door.house.sourceRoot, 'acme/articles/meta.json'), '{}');
}, 60_000);
afterAll(() => door.close());

const requested = async (): Promise<string> => (await door.call('POST', '/backups', { key: acme, body: {} })).body['backup_id'] as string;
const cancel = (id: string, more: { key?: string; body?: unknown } = {}) =>
  door.call('POST', `/backups/${id}/cancel`, { key: acme, ...more });
const eventsOf = async (id: string) => (await door.house.store.read(streamOf.backup(id))).map(({ type, data }) => [type, data]);
const tombstone = (backupId: string) =>
  ({ kind: 'recordDecision', decision: { kind: 'tombstone', backupId, reason: 'cancelled' } }) as const;

test('is 202 with the backup, and the wish stands in the log with who wished it', async () => {
  const id = await requested();
  const reply = await cancel(id);
  expect([reply.status, reply.headers['location']]).toEqual([202, `/api/v1/backups/${id}`]);
  expect(reply.body).toMatchObject({ backup_id: id, status: 'pending', cancel_requested_at: expect.stringMatching(/Z$/) });
  expect((await eventsOf(id)).at(-1)).toEqual(['BackupCancelRequested', { by: expect.stringMatching(/^key_/) }]);
});

test('asked twice is one wish', async () => {
  const id = await requested();
  await cancel(id);
  expect((await cancel(id)).status).toBe(202);
  expect((await eventsOf(id)).map(([type]) => type)).toEqual(['BackupRequested', 'BackupCancelRequested']);
});

test('the reason lies in an erasable row; the event has its digest only', async () => {
  const id = await requested();
  await cancel(id, { body: { reason: 'Ada asked for it' } });
  const digest = createHash('sha256').update('Ada asked for it').digest('hex');
  expect((await eventsOf(id)).at(-1)).toEqual(['BackupCancelRequested', { by: expect.any(String), reasonDigest: digest }]);
  const [text] = await rows<object>(door.house.database, 'SELECT tenant, cancel_reason FROM operation_texts WHERE operation_id = $1', [id]);
  expect(text).toEqual({ tenant: 'acme', cancel_reason: 'Ada asked for it' });
});

test('what came true is shown, its data sets too, and is no contradiction', async () => {
  const id = await requested();
  await cancel(id);
  await door.backup(id, tombstone(id));
  const reply = await cancel(id);
  expect(reply.status).toBe(202);
  const { body } = await door.call('GET', `/backups/${id}`);
  expect(body).toMatchObject({ status: 'cancelled', datasets: [{ dataset_id: 'articles', status: 'cancelled' }] });
});

test('is 409 when the backup was decided already, and says how', async () => {
  const id = await requested();
  await door.backup(id, {
    kind: 'recordDecision',
    decision: { kind: 'tombstone', backupId: id, reason: 'failed', code: 'a.b', message: 'c' },
  });
  const { status, body } = await cancel(id);
  expect([status, body['code']]).toEqual([409, 'wrong_state.backup_already_decided']);
  expect(body['detail']).toContain('is failed already');
});

test.each<[string, () => Promise<Parameters<typeof cancel>>]>([
  ['an id that nobody made', async () => ['backup_20200101_000000_00000000']],
  ["another tenant's", async () => [await requested(), { key: await door.key({ tenant: 'globex' }) }]],
  ['an id of strange letters', async () => ['backup_%F0%9F%98%80']],
  ['an id that is too long', async () => ['x'.repeat(400)]],
])('%s is 404', async (_, made) => {
  const { status, body } = await cancel(...(await made()));
  expect([status, body['code']]).toEqual([404, 'backup.not_found']);
});

test('needs backup:create, and no unknown field', async () => {
  const id = await requested();
  expect((await cancel(id, { key: await door.key({ tenant: 'acme', scopes: ['backup:read'] }) })).status).toBe(403);
  expect((await cancel(id, { body: { why: 'x' } })).status).toBe(400);
  expect((await cancel(id, { body: { reason: 'nul\0' } })).status).toBe(400);
});
