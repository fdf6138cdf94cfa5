/**
 * kill -9 of the process that does the work, at random moments (the seed is printed; DR_CRASH_SEED repeats it, DR_CRASH_ROUNDS makes more of
 * it): the operation reaches its end by itself, nothing stored is stored again, a target is whole or absent.
 */
import { createHash, randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { compareFolders } from '../../deploy/local/src/demo/compare-folders.ts';
import { RunningHouse } from '../e2e/support/running-house.ts';

const rounds = Number(process.env['DR_CRASH_ROUNDS'] ?? 1);
const seed = Number(process.env['DR_CRASH_SEED'] ?? randomInt(2 ** 31));
let drawn = 0;

/** 0 ≤ x < 1, the next of the seed. */
function random(): number {
  return createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}

const MB = 1024 * 1024;
const FILES = 60;
let house: RunningHouse;
let number = 0;

/** 120 MB in files of 2 MB that no other data set holds: half random, half compressible. */
function writeDataset(name: string): void {
  const folder = join(house.source, 'acme', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'meta.json'), '{}');
  for (let file = 0; file < FILES; file++) {
    const bytes = Buffer.alloc(2 * MB, `${name} ${file} `);
    for (let at = 0; at < MB; at += 32) createHash('sha256').update(`${seed} ${name} ${file} ${at}`).digest().copy(bytes, at);
    writeFileSync(join(folder, `f${file}.bin`), bytes);
  }
}

const nextName = () => `set-${++number}`;
const dropDataset = (tenant: string, name: string) => rmSync(join(house.source, tenant, name), { recursive: true, force: true });

beforeAll(async () => {
  process.stderr.write(`crash seed ${seed}, ${rounds} round(s)\n`);
  house = await RunningHouse.start();
}, 120_000);

afterAll(() => house.stop(), 30_000);

interface Backup {
  backup_id: string;
  size_bytes: number;
  compressed_size_bytes: number;
}

async function request(dataset: string): Promise<string> {
  const asked = await house.call('POST', '/api/v1/backups', { tenant_id: 'acme', dataset_ids: [dataset] });
  expect(asked.status).toBe(202);
  return asked.headers.get('location')!;
}

describe.each(Array.from({ length: rounds }, (_, i) => i + 1))('round %i', () => {
  test('the archiver dies in the middle of a backup: it completes by itself and stores nothing twice', async () => {
    const name = nextName();
    writeDataset(name);
    const whole = await storedBytesOf(name);
    const other = nextName();
    writeDataset(other);
    const location = await request(other);
    await pause(200 + random() * 900);
    house.kill('archiver');
    const before = house.packPaths();
    const backup = await house.ended<Backup>(location);
    expect(backup.status).toBe('completed');
    const after = new Set(house.packPaths());
    expect(before.filter((pack) => !after.has(pack))).toEqual([]);
    expect(backup.compressed_size_bytes).toBeLessThan(whole * 1.02 + 64 * 1024);
    await expectRestores(backup.backup_id, other);
    dropDataset('acme', name);
    dropDataset('acme', other);
  }, 180_000);

  test.each(['catalog', 'gateway'])(
    'the %s dies in the middle of a backup: it completes',
    async (service) => {
      const name = nextName();
      writeDataset(name);
      const location = await request(name);
      await pause(random() * 700);
      house.kill(service);
      expect((await house.ended(location)).status).toBe('completed');
      dropDataset('acme', name);
    },
    120_000,
  );

  test('the restorer dies in the middle of a restore: the target is absent or whole, and the restore completes by itself', async () => {
    const name = nextName();
    writeDataset(name);
    const { backup_id } = await house.ended<Backup>(await request(name));
    const asked = await house.call('POST', `/api/v1/backups/${backup_id}/restore`, { target_tenant: 'copy' });
    await pause(100 + random() * 900);
    house.kill('restorer');
    if (existsSync(join(house.source, 'copy', name))) expectSame(name);
    const restore = await house.ended(asked.headers.get('location')!);
    expect(restore.status).toBe('completed');
    expectSame(name);
    expect(readdirSync(join(house.source, 'copy')).filter((entry) => entry.startsWith('.dr-'))).toEqual([]);
    dropDataset('acme', name);
    dropDataset('copy', name);
  }, 180_000);
});

/** What a backup of such a data set adds to the store when nobody dies. */
async function storedBytesOf(name: string): Promise<number> {
  const backup = await house.ended<Backup>(await request(name));
  expect(backup.status).toBe('completed');
  return backup.compressed_size_bytes;
}

async function expectRestores(backupId: string, name: string): Promise<void> {
  const restore = await house.run(`/api/v1/backups/${backupId}/restore`, { target_tenant: 'copy' });
  expect(restore.status).toBe('completed');
  expectSame(name);
  dropDataset('copy', name);
}

function expectSame(name: string): void {
  const result = compareFolders(join(house.source, 'acme', name), join(house.source, 'copy', name), () => true);
  expect(result).toMatchObject({ same: FILES + 1, different: [] });
}
