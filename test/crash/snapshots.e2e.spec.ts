/**
 * kill -9 of the archiver during a snapshot and during its promotion: both reach their end by themselves, whole; the snapshot is restored from the source,
 * the full without it. DR_CRASH_SEED repeats the moments, DR_CRASH_MOMENTS sets how many.
 */
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { RunningHouse } from '../e2e/support/running-house.ts';
import { crashSettings, random } from './support/chance.ts';
import { expectSame, FILES, writeUnique } from './support/unique-dataset.ts';

interface Backup {
  backup_id: string;
  status: string;
  datasets: { pinned_objects?: number; objects: number }[];
}

const MOMENTS = Math.max(2, crashSettings.moments);
let house: RunningHouse;
let undisturbed: { snapshotMs: number; promoteMs: number };
let number = 0;

beforeAll(async () => {
  process.stderr.write(`crash seed ${crashSettings.seed}, ${MOMENTS} moments per operation\n`);
  house = await RunningHouse.start();
  const name = await newDataset();
  const begun = performance.now();
  const { backup_id } = await house.ended<Backup>(await request({ tenant_id: 'acme', dataset_ids: [name], type: 'snapshot' }));
  const taken = performance.now();
  await house.ended(await promotion(backup_id));
  undisturbed = { snapshotMs: taken - begun, promoteMs: performance.now() - taken };
}, 120_000);
afterAll(() => house.stop(), 60_000);

const folderOf = (tenant: string, name: string) => join(house.source, tenant, name);

async function newDataset(): Promise<string> {
  const name = `set-${++number}`;
  writeUnique(folderOf('acme', name), name);
  await pause(60); // what is younger than 50 ms is read, not pinned
  return name;
}

async function request(body: object, path = '/api/v1/backups'): Promise<string> {
  const asked = await house.call('POST', path, body);
  expect(asked).toMatchObject({ status: 202 });
  return asked.headers.get('location')!;
}

const promotion = (id: string) => request({}, `/api/v1/backups/${id}/promote`);

/** Asks, kills the archiver after a part of the usual time, and waits for the end. */
async function disturbed(ask: () => Promise<string>, usualMs: number, fraction: number): Promise<Backup> {
  await house.untilReady();
  const location = await ask();
  await pause(fraction * usualMs);
  house.kill('archiver');
  return house.ended<Backup>(location, 120_000);
}

const MOMENT = Array.from({ length: MOMENTS }, (_, i) => (i + random()) / MOMENTS);

test.each(MOMENT)(
  'killed after %f of each: the snapshot is complete, and so is the full that it becomes',
  async (fraction) => {
    const name = await newDataset();
    const ask = () => request({ tenant_id: 'acme', dataset_ids: [name], type: 'snapshot' });
    const snapshot = await disturbed(ask, undisturbed.snapshotMs, fraction);
    expect(snapshot).toMatchObject({ status: 'completed', datasets: [{ objects: FILES, pinned_objects: FILES }] });
    const restore = { target_tenant: `live-${number}` };
    expect(await house.run(`/api/v1/backups/${snapshot.backup_id}/restore`, restore)).toMatchObject({ status: 'completed' });
    expectSame(folderOf('acme', name), folderOf(restore.target_tenant, name));

    const full = await disturbed(() => promotion(snapshot.backup_id), undisturbed.promoteMs, fraction);
    expect(full).toMatchObject({ status: 'completed', datasets: [{ objects: FILES }] });
    const kept = join(house.home, name);
    renameSync(folderOf('acme', name), kept);
    expect(await house.run(`/api/v1/backups/${full.backup_id}/restore`, {})).toMatchObject({ status: 'completed' });
    expectSame(kept, folderOf('acme', name));
    expect(await house.run(`/api/v1/backups/${full.backup_id}/verify`, { level: 'full' })).toMatchObject({ status: 'passed' });
    for (const path of [kept, folderOf('acme', name), folderOf(restore.target_tenant, name)]) rmSync(path, { recursive: true });
  },
  300_000,
);
