/**
 * The engine, killed at any of its writes, on a store that does writes in any order, twice, by halves, or long after their process died. DR_KILLS: how many
 * kills (500; `npm run test:long`: 10,000). The seed is printed and decides everything but the timing of threads; DR_KILLS_SEED sets it.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { seeded } from '@dr/storage/faults';
import { ChangingSource } from './testing/changing-source.ts';
import { CrashingBackups } from './testing/crashing-backups.ts';
import { CrashingWorld, newPool } from './testing/crashing-world.ts';
import { removeFolders, temporaryFolder } from './testing/folders.ts';
import type { WorkerPool } from './workers/pool.ts';

const kills = Number(process.env['DR_KILLS'] ?? 500);
const seed = Number(process.env['DR_KILLS_SEED'] ?? randomInt(2 ** 31));
const folder = temporaryFolder('power-cuts');
let pool: WorkerPool;

beforeAll(() => {
  pool = newPool();
});
afterAll(async () => {
  await pool.close();
  removeFolders();
});

/** A chain of backups of one data set. Chains share the repository and run at once, as archivers do. */
async function chain(backups: CrashingBackups, datasetId: string, root: string, random: () => number): Promise<void> {
  mkdirSync(root);
  const source = new ChangingSource(datasetId, root, random);
  for (let i = 1; i <= 3; i++) {
    await backups.make(`backup_${i}_${datasetId}`, i === 1 || random() < 0.3 ? 'full' : 'incremental', source);
    source.change();
  }
}

/** A repository from its making on. @returns how many processes were killed, and how many pieces it has as deltas. */
async function life(number: number): Promise<{ killed: number; deltas: number }> {
  const random = seeded(seed + number);
  const world = new CrashingWorld(pool, random);
  const backups = new CrashingBackups(world);
  const names = random() < 0.3 ? ['one', 'other'] : ['one'];
  await Promise.all(names.map((name) => chain(backups, name, join(folder, `${number}-${name}`), random)));
  await world.settle();
  const commits = await backups.check();
  const { tenant } = (await world.reader())!;
  for (const { backupId } of commits) expect(await tenant.verify(backupId, { level: 'full' })).toMatchObject({ ok: true, findings: [] });
  await world.removeGarbage();
  await backups.check();
  return { killed: backups.kills, deltas: await world.deltas() };
}

test(`${kills} kills: the repository opens, what was committed is whole, and garbage is only garbage`, async () => {
  process.stderr.write(`DR_KILLS_SEED=${seed}\n`);
  let [killed, deltas] = [0, 0];
  for (let number = 0; killed < kills; number++) {
    const more = await life(number);
    killed += more.killed;
    deltas += more.deltas;
  }
  expect(deltas).toBeGreaterThan(0);
}, 3_600_000);
