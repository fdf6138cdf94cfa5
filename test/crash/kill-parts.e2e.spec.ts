/**
 * kill -9 of every part of a running house at moments spread over a backup and over a restore: each operation reaches its end by itself,
 * nothing completed is lost, nothing stored is stored again, and a target is the old data set or the new one. The seed is printed;
 * DR_CRASH_SEED repeats it, DR_CRASH_MOMENTS sets how many moments.
 */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RunningHouse } from '../e2e/support/running-house.ts';
import { crashSettings, random } from './support/chance.ts';
import { storedPieces } from './support/stored-twice.ts';
import { expectSame, writeUnique } from './support/unique-dataset.ts';

const PARTS = ['archiver', 'restorer', 'gateway', 'catalog', 'nats', 'postgres', 'supervisor'] as const;
type Part = (typeof PARTS)[number];
const END_MS_MAX = 120_000;

interface Backup {
  backup_id: string;
  status: string;
  compressed_size_bytes: number;
  checksum: string;
}

let house: RunningHouse;
let number = 0;
/** How long an undisturbed backup and restore take, and what such a backup stores. */
let undisturbed: { backupMs: number; restoreMs: number; bytes: number };
const completed = new Map<string, string>();

const nextName = () => `set-${++number}`;
const folderOf = (tenant: string, name: string) => join(house.source, tenant, name);

beforeAll(async () => {
  process.stderr.write(`crash seed ${crashSettings.seed}, ${crashSettings.moments || 'a drawn'} moment(s) per part and operation\n`);
  house = await RunningHouse.start();
  await pause(300);
  undisturbed = await measure();
}, 120_000);

afterAll(() => house.stop(), 60_000);

async function measure(): Promise<typeof undisturbed> {
  const name = nextName();
  writeUnique(folderOf('acme', name), name);
  const begun = performance.now();
  const backup = await house.ended<Backup>(await requestBackup(name));
  const backedUp = performance.now();
  expect(backup.status).toBe('completed');
  await house.ended(await requestRestore(backup.backup_id));
  return { backupMs: backedUp - begun, restoreMs: performance.now() - backedUp, bytes: backup.compressed_size_bytes };
}

async function requestBackup(name: string): Promise<string> {
  const asked = await house.call('POST', '/api/v1/backups', { tenant_id: 'acme', dataset_ids: [name] });
  expect(asked).toMatchObject({ status: 202 });
  return asked.headers.get('location')!;
}

async function requestRestore(backupId: string): Promise<string> {
  const asked = await house.call('POST', `/api/v1/backups/${backupId}/restore`, { target_tenant: 'copy', overwrite_existing: true });
  expect(asked).toMatchObject({ status: 202 });
  return asked.headers.get('location')!;
}

async function killAndReturn(part: Part): Promise<void> {
  if (part !== 'supervisor') return house.kill(part);
  await house.killSupervisor();
  await house.restart();
}

/** Whatever ended well before is there as it was. */
async function expectNothingLost(): Promise<void> {
  await house.untilReady(); // the part may have died after the end was read
  for (const [backupId, checksum] of [...completed].slice(-5)) {
    const { body } = await house.call<Backup>('GET', `/api/v1/backups/${backupId}`);
    expect(body).toMatchObject({ backup_id: backupId, status: 'completed', checksum });
  }
}

async function killedDuringBackup(part: Part, fraction: number): Promise<void> {
  const name = nextName();
  writeUnique(folderOf('acme', name), name);
  await house.untilReady();
  const location = await requestBackup(name);
  await pause(fraction * undisturbed.backupMs);
  const before = house.packPaths();
  await killAndReturn(part);
  const backup = await house.ended<Backup>(location, END_MS_MAX);
  expect(backup).toMatchObject({ status: 'completed' });
  completed.set(backup.backup_id, backup.checksum);
  const after = new Set(house.packPaths());
  expect(before.filter((pack) => !after.has(pack))).toEqual([]);
  expect(backup.compressed_size_bytes).toBeLessThan(undisturbed.bytes * 1.02 + 64 * 1024);
  await expectNothingLost();
  rmSync(folderOf('acme', name), { recursive: true });
}

const nameIn = (folder: string): string | undefined => {
  const file = join(folder, 'meta.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { name: string }).name : undefined;
};

async function killedDuringRestore(part: Part, fraction: number): Promise<void> {
  const name = nextName();
  const [source, target, expected] = [folderOf('acme', name), folderOf('copy', name), folderOf('expected', name)];
  writeUnique(source, name);
  await house.untilReady();
  const { backup_id } = await house.ended<Backup>(await requestBackup(name), END_MS_MAX);
  writeUnique(target, `old ${name}`);
  writeUnique(expected, `old ${name}`);
  const location = await requestRestore(backup_id);
  await pause(fraction * undisturbed.restoreMs);
  await killAndReturn(part);
  if (part === 'restorer' && nameIn(target) === `old ${name}`) expectSame(target, expected);
  if (part === 'restorer' && nameIn(target) === name) expectSame(target, source);
  expect(await house.ended(location, END_MS_MAX)).toMatchObject({ status: 'completed' });
  expectSame(target, source);
  expect(readdirSync(join(house.source, 'copy')).filter((entry) => entry.startsWith('.dr-'))).toEqual([]);
  await expectNothingLost();
  for (const folder of [source, target, expected]) rmSync(folder, { recursive: true });
}

const OPERATIONS = [
  ['backup', killedDuringBackup],
  ['restore', killedDuringRestore],
] as const;

/** Operation and fraction of it at which to kill: the i-th of `moments` equal parts of either, or anywhere in a drawn one. */
function drawRounds(): { operation: number; fraction: number }[] {
  const { moments } = crashSettings;
  if (moments === 0) return [{ operation: random() < 0.5 ? 0 : 1, fraction: random() }];
  return [0, 1].flatMap((operation) => Array.from({ length: moments }, (_, i) => ({ operation, fraction: (i + random()) / moments })));
}

/** Says how each round went while hours of them are still to come. */
async function told(title: string, round: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  const say = (outcome: string) => process.stderr.write(`${title}: ${outcome}, ${Math.round(performance.now() - begun)} ms\n`);
  try {
    await round();
    say('well');
  } catch (error) {
    say('FAILED');
    throw error;
  }
}

describe.each(PARTS)('%s killed', (part) => {
  for (const { operation, fraction } of drawRounds()) {
    const [name, run] = OPERATIONS[operation]!;
    const title = `after ${Math.round(fraction * 100)} % of a ${name}`;
    test(`${title}: it completes by itself`, () => told(`${part} killed ${title}`, () => run(part, fraction)), 300_000);
  }
});

test('no piece was stored twice, whoever died when', async () => {
  const stored = await storedPieces(house.home, 'acme');
  process.stderr.write(`pieces stored: ${JSON.stringify(stored)}\n`);
  expect(stored).toMatchObject({ twice: 0, bytesTwice: 0 });
  expect(stored.pieces).toBeGreaterThan(completed.size * 100);
}, 120_000);

test('every backup that completed restores: all bytes of all of them are checked', async () => {
  await house.untilReady();
  for (const backupId of completed.keys()) {
    const verification = await house.run(`/api/v1/backups/${backupId}/verify`, { level: 'full' });
    expect(verification).toMatchObject({ status: 'passed' });
  }
}, 900_000);
