/** What lies among the data sets and is in none: each backup of everything says so in its record, and one of named data sets has nothing to say. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

const NFD = 'cafe\u0301';

let door: FrontDoor;
beforeAll(async () => {
  door = await frontDoor();
  for (const path of ['acme/set', `acme/${NFD}`, 'globex/set']) {
    mkdirSync(join(door.house.sourceRoot, path), { recursive: true });
    writeFileSync(join(door.house.sourceRoot, path, 'meta.json'), '{}');
  }
  writeFileSync(join(door.house.sourceRoot, 'acme/notes.txt'), 'x');
  mkdirSync(join(door.house.sourceRoot, `ops${NFD}`));
  symlinkSync('/elsewhere', join(door.house.sourceRoot, 'link'));
}, 60_000);
afterAll(() => door.close());

interface Backup {
  backup_id: string;
  left_out: { total: number; lost: number; paths: { path: string; reason: string }[] } | null;
}

test('a backup of a tenant names what it leaves out, what is lost first', async () => {
  const { body } = await door.call<Backup>('POST', '/backups', { body: { tenant_id: 'acme' } });
  const paths = [
    { path: `acme/${NFD}`, reason: 'bad-name' },
    { path: 'acme/notes.txt', reason: 'loose-file' },
  ];
  expect(body.left_out).toEqual({ total: 2, lost: 1, paths });
});

test('one of named data sets, and one where everything is a data set, leave nothing out', async () => {
  const named = await door.call<Backup>('POST', '/backups', { body: { tenant_id: 'acme', dataset_ids: ['set'] } });
  const whole = await door.call<Backup>('POST', '/backups', { body: { tenant_id: 'globex' } });
  expect([named.body.left_out, whole.body.left_out]).toEqual([null, null]);
});

test('what is of no tenant is told beside the backups of all tenants', async () => {
  const { body } = await door.call<{ backups: Backup[]; left_out: Backup['left_out'] }>('POST', '/backups', {
    body: { all_tenants: true },
  });
  expect(body.backups.map(({ left_out }) => left_out?.lost ?? 0)).toEqual([1, 0]);
  expect(body.left_out).toMatchObject({
    lost: 1,
    paths: [
      { path: `ops${NFD}`, reason: 'bad-name' },
      { path: 'link', reason: 'symlink' },
    ],
  });
});
