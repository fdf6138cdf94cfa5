/** A backup of all tenants: many requests, one transaction, and nobody else is kept from asking meanwhile. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rows } from '@dr/event-store';
import { jest } from '@jest/globals';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
beforeAll(async () => {
  door = await frontDoor();
  for (const tenant of ['acme', 'globex', 'initech']) {
    mkdirSync(join(door.house.sourceRoot, tenant, 'set'), { recursive: true });
    writeFileSync(join(door.house.sourceRoot, tenant, 'set/meta.json'), '{}');
  }
}, 60_000);
afterAll(() => door.close());

const ADMISSIONS = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 7104 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

test('admissions wait for it only once all its requests are appended', async () => {
  const { store, database } = door.house;
  const decide = store.decide.bind(store);
  const held: number[] = [];
  const spy = jest.spyOn(store, 'decide').mockImplementation(async (...given) => {
    held.push((await rows(database, ADMISSIONS)).length);
    return (await decide(...given)) as never;
  });
  const { status, body } = await door.call('POST', '/backups', { body: { all_tenants: true } });
  spy.mockRestore();
  expect([status, (body['backups'] as object[]).length]).toEqual([202, 3]);
  expect(held).toEqual([0, 0, 0]);
  expect(await rows(database, 'SELECT FROM open_operations')).toHaveLength(3);
});
