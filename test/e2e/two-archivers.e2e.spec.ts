/** Two archiver processes on one house: they share a backup, a huge data set by slices; the one that is killed is made up for by the other. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expectSame, writeUnique } from '../crash/support/unique-dataset.ts';
import { RunningHouse } from './support/running-house.ts';

const root = join(import.meta.dirname, '..', '..');
const SLICE_BYTES = 6 * 1024 * 1024;

let house: RunningHouse;
let second: ChildProcess;

interface Backup {
  backup_id: string;
  compressed_size_bytes: number;
  parent_id: string | null;
  datasets: { dataset_id: string; status: string }[];
}

beforeAll(async () => {
  house = await RunningHouse.start({ BACKUP_SLICE_BYTES: String(SLICE_BYTES), BACKUP_UNFINISHED_PER_TENANT_MAX: '3' });
  second = await secondArchiver();
}, 120_000);

afterAll(async () => {
  second.kill('SIGTERM');
  await house.stop();
}, 60_000);

/** As the house's own: same environment, same user on the bus. Ready when this resolves. */
async function secondArchiver(): Promise<ChildProcess> {
  const environ = readFileSync(`/proc/${house.pidOf('archiver')}/environ`, 'utf8')
    .split('\0')
    .filter(Boolean);
  const env = Object.fromEntries(environ.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  const child = spawn(process.execPath, [join(root, 'services', 'archiver', 'dist', 'main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes) => (said += String(bytes)));
  for (let waited = 0; waited < 30_000 && !said.includes('"ready"'); waited += 20) await pause(20);
  if (!said.includes('"ready"')) throw new Error(`the second archiver did not start:\n${said}`);
  return child;
}

const folderOf = (tenant: string, name: string) => join(house.source, tenant, name);

async function request(name: string): Promise<string> {
  writeUnique(folderOf('acme', name), name);
  const asked = await house.call('POST', '/api/v1/backups', { tenant_id: 'acme', dataset_ids: [name] });
  expect(asked).toMatchObject({ status: 202 });
  return asked.headers.get('location')!;
}

interface JobRow {
  job_id: string;
  worker: string;
  status: string;
}
const jobsOf = (backupId: string) =>
  house.sql<JobRow>(`SELECT job_id, worker, status FROM jobs WHERE operation_id = $1 AND kind = 'capture'`, [backupId]);
const pidOf = ({ worker }: JobRow) => Number(worker.split(':')[1]);

async function expectRestores(backupId: string, name: string): Promise<void> {
  const restore = await house.run(`/api/v1/backups/${backupId}/restore`, { target_tenant: 'copy', overwrite_existing: true });
  expect(restore).toMatchObject({ status: 'completed' });
  expectSame(folderOf('acme', name), folderOf('copy', name));
  rmSync(folderOf('acme', name), { recursive: true });
}

let undisturbed: number;

test('a huge data set is cut into slices, both archivers work on it, and it restores whole', async () => {
  const backup = await house.ended<Backup>(await request('shared'));
  expect(backup).toMatchObject({ status: 'completed', datasets: [{ dataset_id: 'shared', status: 'completed' }] });
  undisturbed = backup.compressed_size_bytes;
  const jobs = await jobsOf(backup.backup_id);
  expect(jobs.filter(({ job_id }) => /-slice-\d+$/.test(job_id)).length).toBeGreaterThanOrEqual(4);
  expect(new Set(jobs.map(pidOf))).toEqual(new Set([house.pidOf('archiver'), second.pid]));
  const unchanged = await house.run<Backup>('/api/v1/backups', { tenant_id: 'acme', dataset_ids: ['shared'], type: 'incremental' });
  expect(unchanged).toMatchObject({ status: 'completed', parent_id: backup.backup_id, datasets: [{ parent_id: backup.backup_id }] });
  expect(unchanged.compressed_size_bytes).toBeLessThan(64 * 1024);
  await expectRestores(unchanged.backup_id, 'shared');
}, 120_000);

test('one archiver is killed in the middle: the other one finishes, and nothing is stored twice', async () => {
  const location = await request('orphaned');
  const backupId = location.split('/').at(-1)!;
  const isAtWork = async () => (await jobsOf(backupId)).some((job) => job.status === 'running' && pidOf(job) === second.pid);
  for (let waited = 0; !(await isAtWork()) && waited < 20_000; waited += 20) await pause(20);
  second.kill('SIGKILL');
  const backup = await house.ended<Backup>(location);
  expect(backup).toMatchObject({ status: 'completed' });
  expect(backup.compressed_size_bytes).toBeLessThan(undisturbed * 1.02 + 64 * 1024);
  await expectRestores(backupId, 'orphaned');
}, 120_000);

test('requests beyond the limit of unfinished operations get 429 with Retry-After, and a place is free again after an end', async () => {
  writeUnique(folderOf('busy', 'set'), 'busy set');
  const body = { tenant_id: 'busy' };
  const replies = await Promise.all(Array.from({ length: 12 }, () => house.call('POST', '/api/v1/backups', body)));
  const accepted = replies.filter(({ status }) => status === 202);
  const refused = replies.filter(({ status }) => status === 429);
  expect([accepted.length + refused.length, accepted.length <= 4]).toEqual([12, true]);
  for (const { headers, body: problem } of refused) {
    expect([headers.get('retry-after'), problem['code']]).toEqual(['5', 'jobs.too_many_operations']);
  }
  for (const { headers } of accepted) expect(await house.ended(headers.get('location')!)).toMatchObject({ status: 'completed' });
  const isFree = async () => (await house.call('POST', '/api/v1/backups', body)).status === 202;
  for (let waited = 0; !(await isFree()); waited += 100) {
    if (waited > 20_000) throw new Error('no place became free within 20 s');
    await pause(100);
  }
}, 120_000);
