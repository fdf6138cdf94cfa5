/**
 * The power fails: every process of the house is killed at once, with operations in every state, and the clock may be wrong afterwards.
 * After the next start each operation reaches its end by itself.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RunningHouse } from '../e2e/support/running-house.ts';
import { freshDir } from '../support/servers.ts';
import { crashSettings, random } from './support/chance.ts';
import { expectSame, writeUnique } from './support/unique-dataset.ts';

const END_MS_MAX = 120_000;
const DAY_MS = 86_400_000;
const OTHERS = ['archiver', 'restorer', 'gateway', 'catalog', 'nats', 'postgres'];
const clockFile = join(freshDir('clock'), 'shift');

let house: RunningHouse;
let number = 0;
const folderOf = (tenant: string, name: string) => join(house.source, tenant, name);

interface Backup {
  backup_id: string;
  timestamp: string;
}

beforeAll(async () => {
  process.stderr.write(`blackout seed ${crashSettings.seed}, ${crashSettings.blackouts} round(s)\n`);
  writeFileSync(clockFile, '0');
  const preload = `--import file://${join(import.meta.dirname, 'support', 'shifted-clock.mjs')}`;
  house = await RunningHouse.start({ NODE_OPTIONS: preload, SHIFTED_CLOCK_FILE: clockFile });
}, 120_000);

afterAll(() => house.stop(), 60_000);

async function asked(path: string, body: object): Promise<string> {
  const reply = await house.call('POST', path, body);
  expect(reply).toMatchObject({ status: 202 });
  return reply.headers.get('location')!;
}

function backUp(tenant: string, type = 'full'): Promise<string> {
  return asked('/api/v1/backups', { tenant_id: tenant, type });
}

function newDataset(tenant: string): string {
  const name = `set-${++number}`;
  writeUnique(folderOf(tenant, name), name);
  return name;
}

async function killEverything(): Promise<void> {
  const pids = OTHERS.map((part) => house.pidOf(part));
  const supervisor = house.killSupervisor();
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await supervisor;
}

/** Operations of every kind, begun one after another, so that the blackout meets them in every state. */
async function operationsOfEveryKind(ready: string) {
  const [one, two] = [newDataset('acme'), newDataset('globex')];
  const backup = await backUp('acme');
  const restore = await asked(`/api/v1/backups/${ready}/restore`, { target_tenant: 'copy', overwrite_existing: true });
  const verification = await asked(`/api/v1/backups/${ready}/verify`, { level: 'full' });
  await pause(random() * 1_500);
  const incremental = await backUp('globex', 'incremental');
  const cancelled = await backUp('globex');
  await house.call('POST', `${cancelled}/cancel`);
  return { one, two, backup, restore, verification, incremental, cancelled };
}

const shifts = Array.from({ length: crashSettings.blackouts }, (_, n) => (n % 2 === 0 ? -DAY_MS : 0));

test.each(shifts)(
  'everything is killed, the clock then is wrong by %i ms: all operations reach their end by themselves',
  async (shiftMs) => {
    const base = newDataset('base');
    const ready = await house.ended<Backup>(await backUp('base'), END_MS_MAX);
    const asked = await operationsOfEveryKind(ready.backup_id);
    await pause(random() * 1_500);
    await killEverything();
    writeFileSync(clockFile, String(shiftMs));
    await house.restart();
    expect(await house.ended(asked.backup, END_MS_MAX)).toMatchObject({ status: 'completed' });
    expect(await house.ended(asked.incremental, END_MS_MAX)).toMatchObject({ status: 'completed' });
    expect(['cancelled', 'completed']).toContain((await house.ended(asked.cancelled, END_MS_MAX)).status);
    expect(await house.ended(asked.restore, END_MS_MAX)).toMatchObject({ status: 'completed' });
    expect(await house.ended(asked.verification, END_MS_MAX)).toMatchObject({ status: 'passed' });
    expectSame(folderOf('base', base), folderOf('copy', base));
    const after = await house.ended<Backup>(await backUp('acme', 'incremental'), END_MS_MAX);
    expect(after).toMatchObject({ status: 'completed' });
    if (shiftMs < 0) expect(Date.parse(after.timestamp)).toBeLessThan(Date.now() - DAY_MS / 2);
    for (const tenant of ['base', 'copy', 'acme', 'globex']) rmSync(join(house.source, tenant), { recursive: true, force: true });
  },
  400_000,
);
