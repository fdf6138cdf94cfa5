/** Settings do what they say in a whole house: the file, the environment over it, and what a repository remembers without being told again. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDir } from '../support/servers.ts';
import { RunningHouse } from './support/running-house.ts';

const folder = freshDir('settings');
const configFile = join(folder, 'dr.yaml');
const logFile = join(folder, 'log', 'backup.log');
/** Read at every start of the house, so a test changes it and starts again. */
const settings: Record<string, string> = {
  DR_CONFIG: configFile,
  BACKUP_LOG_FILE: logFile,
  BACKUP_ENCRYPTION: 'false',
  BACKUP_COMPRESSION_LEVEL: '1',
};

let house: RunningHouse;

/** Text that compresses well, and differently each time. */
const wordy = (bytes: number): string => {
  const words = Array.from({ length: 64 }, () => randomBytes(3).toString('hex'));
  return Array.from({ length: bytes / 7 }, (_, i) => words[(i * 7 + (i >> 5)) % 64]).join(' ');
};

const writeConfig = (yaml: string): void => writeFileSync(configFile, `backup:\n${yaml}`);

beforeAll(async () => {
  writeConfig('  compression: false\n  compression_level: 9\n  parallel_workers: 1\n  replicas: [{name: far, uri: "s3://far"}]\n');
  house = await RunningHouse.start(settings);
}, 120_000);
afterAll(() => house.stop(), 30_000);

async function backUp(tenant: string, content: string): Promise<{ size: number; added: number }> {
  const set = join(house.source, tenant, 'set');
  mkdirSync(set, { recursive: true });
  for (let n = 0; n < 24; n++) writeFileSync(join(set, `file-${n}.txt`), `${n} ${content}`);
  const backup = await house.run<{ status: string; size_bytes: number; compressed_size_bytes: number }>('/api/v1/backups', {
    tenant_id: tenant,
  });
  expect(backup.status).toBe('completed');
  return { size: backup.size_bytes, added: backup.compressed_size_bytes };
}

/** Threads in which the archiver's engine works, told from those of V8 and libuv by their name. They start when there is work for them. */
function threadsOfArchiver(): number {
  const tasks = `/proc/${house.pidOf('archiver')}/task`;
  const names = readdirSync(tasks).map((id) => readFileSync(join(tasks, id, 'comm'), 'utf8').trim());
  return names.filter((name) => name === 'WorkerThread').length;
}

async function restartWith(change: Record<string, string | undefined>, yaml?: string): Promise<void> {
  await house.stop();
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) delete settings[name];
    else settings[name] = value;
  }
  if (yaml !== undefined) writeConfig(yaml);
  await house.restart();
}

type Shown = Record<string, { value: unknown; origin: string; key: string; note?: string }>;
const shown = async (): Promise<Shown> => (await house.call<{ settings: Shown }>('GET', '/api/v1/config')).body.settings;

test('the file, the environment over it, and each origin', async () => {
  const { 'backup.compression': compression, 'backup.compressionLevel': level, 'backup.parallelWorkers': workers, ...rest } = await shown();
  expect(compression).toEqual({ value: false, origin: 'yaml', key: 'backup.compression' });
  expect(level).toEqual({ value: 1, origin: 'environment', key: 'BACKUP_COMPRESSION_LEVEL' });
  expect(workers).toEqual({ value: 1, origin: 'yaml', key: 'backup.parallel_workers' });
  expect(rest['backup.replicas']!.note).toMatch(/nothing acts on it in this version/);
});

test('without compression a backup takes as much as its data; without encryption the data can be read in the store', async () => {
  const { size, added } = await backUp('plain', `find-me-${wordy(200_000)}`);
  expect(added).toBeGreaterThanOrEqual(size);
  expect(threadsOfArchiver()).toBe(1);
  expect(existsSync(join(house.home, 'passphrase'))).toBe(false);
  expect(JSON.parse(readFileSync(join(house.repository, 'repository.json'), 'utf8'))).toMatchObject({ encryption: false });
}, 60_000);

test('the log file has the lines of every service', () => {
  const lines = readFileSync(logFile, 'utf8').trim().split('\n');
  const services = new Set(lines.map((line) => (JSON.parse(line) as { service: string }).service));
  expect([...services].sort()).toEqual(['archiver', 'catalog', 'gateway', 'restorer']);
  expect(lines.some((line) => line.includes('backup.replicas: read, but nothing acts on it'))).toBe(true);
  expect(statSync(logFile).mode & 0o007).toBe(0);
});

test('a repository without encryption needs no word at later starts; more workers are more threads; compression makes backups small', async () => {
  await restartWith({ BACKUP_ENCRYPTION: undefined, BACKUP_PARALLEL_WORKERS: '4' }, '  compression: true\n');
  expect(house.diagnosis()).toContain('is not encrypted: whoever reads it reads the data');
  // A second thread starts only for as much work as its start takes.
  const fast = await backUp('packed', wordy(200_000).repeat(10));
  expect(fast.added).toBeLessThan(fast.size / 2);
  expect(threadsOfArchiver()).toBeGreaterThan(1);
}, 90_000);

test('a higher level is smaller on the same bytes', async () => {
  const content = wordy(200_000);
  const fast = await backUp('level1', content);
  await restartWith({ BACKUP_COMPRESSION_LEVEL: '19' });
  const small = await backUp('level19', content);
  expect(small.size).toBe(fast.size);
  expect(small.added).toBeLessThan(fast.added);
}, 90_000);

test('BACKUP_ENABLED=false is said at the start, and backups that are asked for are made', async () => {
  await restartWith({ BACKUP_ENABLED: 'false', BACKUP_SCHEDULE: '@hourly' });
  expect(house.diagnosis()).toContain('warning: BACKUP_ENABLED is false: no schedule runs');
  await backUp('asked', 'x'.repeat(1000));
}, 90_000);

test('every problem stops the start at once, each with its key, before anything runs', async () => {
  await house.stop();
  writeConfig('  retention_polcy: {daily: 1}\n  schedule: "0 25 * * *"\n  storage_backend: s3\n');
  settings['BACKUP_COMPRESSION_LEVEL'] = 'best';
  delete settings['BACKUP_SCHEDULE'];
  const failed = await house.restart().then(
    () => '',
    (error: Error) => error.message,
  );
  expect(failed).toContain('4 problem(s)');
  for (const told of [
    'backup.retention_polcy: is not a setting. Did you mean backup.retention_policy?',
    'backup.schedule: has "25" as hour, which takes 0 to 23',
    'BACKUP_COMPRESSION_LEVEL: must be a whole number from 1 to 19 (it is "best")',
    'backup.storage_backend: the backend s3 (Amazon S3) is not built',
  ]) {
    expect(failed).toContain(told);
  }
}, 60_000);
