/** At the limit of unfinished operations: refused at once and for nothing, but never a repeat of what was accepted. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rows } from '@dr/event-store';
import { jest } from '@jest/globals';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';
import { sealedBackup } from '../../../../test/support/sealed-backup.ts';
import { CatalogClient } from '../catalog-client.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor({ BACKUP_UNFINISHED_PER_TENANT_MAX: '2' });
  acme = await door.key({ tenant: 'acme' });
  mkdirSync(join(door.house.sourceRoot, 'acme', 'a'), { recursive: true });
  writeFileSync(join(door.house.sourceRoot, 'acme', 'a', 'meta.json'), '{}');
}, 60_000);
afterAll(() => door.close());

const create = (key: string, body: object = {}) => door.call('POST', '/backups', { key: acme, body, headers: { 'idempotency-key': key } });
const events = async () => (await rows<{ n: number }>(door.house.database, 'SELECT count(*)::int AS n FROM events'))[0]!.n;

test('at the limit nothing is looked at, appended or asked; a repeat of what was accepted is answered as accepted', async () => {
  const sealed = await sealedBackup(door);
  const first = await create('first');
  jest.spyOn(CatalogClient.prototype, 'backup').mockRejectedValueOnce(Object.assign(new Error('away'), { code: 'bus.timeout' }));
  expect([first.status, (await create('second')).status]).toEqual([202, 503]);
  const before = await events();

  const beyond = await create('third');
  expect([beyond.status, beyond.body['code'], beyond.headers['retry-after']]).toEqual([429, 'jobs.too_many_operations', '5']);
  // A data set that is not there: the source was not even listed.
  expect((await create('fourth', { dataset_ids: ['nothing'] })).status).toBe(429);
  // Nobody plans restores here, and nobody was asked: that would be seen as the target's own refusal, or take seconds.
  const restore = await door.call('POST', `/backups/${sealed}/restore`, { key: acme, body: { dataset_mapping: { a: 'copy' } } });
  expect([restore.status, restore.body['code']]).toEqual([429, 'jobs.too_many_operations']);
  expect(await events()).toBe(before);

  const [again, stored] = [await create('second'), await create('first')];
  expect([again.status, stored.status, stored.body['backup_id']]).toEqual([202, 202, first.body['backup_id']]);
  expect(await events()).toBe(before);
});
