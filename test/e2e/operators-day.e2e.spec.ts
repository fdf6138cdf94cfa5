/** A day at the command line: ./bin/dr and the old script against a whole house, every answer and exit code. Each command line of the guide is here. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDir } from '../support/servers.ts';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

const checkout = join(import.meta.dirname, '..', '..');
const DR = [join(checkout, 'bin', 'dr')];
const hasPython = spawnSync('python3', ['--version']).status === 0;
/** As the guide writes it; where there is no Python, what it hands its command line to. */
const OLD = hasPython ? ['python3', join(checkout, 'scripts', 'disaster_recovery.py')] : DR;

let house: RunningHouse;

beforeAll(async () => {
  house = await RunningHouse.start();
  await place(house.source, 'production', 'old_dataset', ['v3-tiny', '']);
  await place(house.source, 'production', 'articles', ['gen-v4-full', 'ds']);
  await place(house.source, 'acme', 'series', ['gen-v4-series', '0']);
  await place(house.source, 'torn', 'damaged', ['gen-v4-torn', '0']);
  await house.untilReady();
}, 120_000);
afterAll(() => house.stop(), 30_000);

const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], HOME: process.env['HOME'], DR_HOME: house.home });

/** Runs a command line to its end without blocking this process. */
async function run([program, ...first]: readonly string[], ...words: string[]) {
  const child = spawn(program!, [...first, ...words], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (said.stdout += String(bytes)));
  child.stderr.on('data', (bytes) => (said.stderr += String(bytes)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

const dr = (...words: string[]) => run(DR, ...words);
const old = (...words: string[]) => run(OLD, ...words);
const json = async (...words: string[]) => JSON.parse((await dr(...words, '--json')).stdout);
const CREATED = /^Backup created: (backup_\d{8}_\d{6}_[0-9a-f]{8})$/m;

let backup = '';

describe("the guide's command lines", () => {
  test('test', async () => {
    const ran = await old('test');
    expect({ ...ran, stdout: ran.stdout.split('\n').filter((line) => line.includes(' failed ')) }).toEqual({
      code: 0,
      stdout: [],
      stderr: '',
    });
    for (const part of [
      'gateway',
      'clock',
      'database',
      'bus',
      'service archiver',
      'API key',
      'repository: write',
      'passphrase',
      'source root',
      'log',
    ]) {
      expect(ran.stdout).toContain(`\n${part} `);
    }
  }, 30_000);

  test('create --type full --tenant-id production --description "Manual backup before upgrade"', async () => {
    const ran = await old('create', '--type', 'full', '--tenant-id', 'production', '--description', 'Manual backup before upgrade');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(CREATED) });
    backup = CREATED.exec(ran.stdout)![1]!;
    expect(ran.stdout.trim().split('\n').at(-1)).toBe(`Backup created: ${backup}`);
  }, 30_000);

  test('create --type full, as the cron job and the compose loop have it: all tenants, and a torn one makes it partial', async () => {
    const ran = await old('create', '--type', 'full');
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain('backing up all tenants');
    expect(ran.stdout.match(new RegExp(CREATED, 'gm'))).toHaveLength(3);
  }, 30_000);

  test('list --tenant-id production --limit 20 --format table, and list --format json', async () => {
    const table = await old('list', '--tenant-id', 'production', '--limit', '20', '--format', 'table');
    expect(table).toMatchObject({ code: 0, stdout: expect.stringContaining(`${backup}  `), stderr: '' });
    expect(table.stdout).not.toContain('acme');
    const all = JSON.parse((await old('list', '--format', 'json')).stdout) as { backups: { backup_id: string; tenant_id: string }[] };
    expect(all.backups.map((b) => b.tenant_id).sort()).toEqual(['acme', 'production', 'production', 'torn']);
  }, 30_000);

  test('restore ID --target-tenant production --overwrite', async () => {
    const file = join(house.source, 'production', 'old_dataset', 'dataset_meta.json');
    const before = readFileSync(file, 'utf8');
    rmSync(file);
    const refused = await old('restore', backup);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    const ran = await old('restore', backup, '--target-tenant', 'production', '--overwrite');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('2 data sets, completed') });
    expect(readFileSync(file, 'utf8')).toBe(before);
  }, 40_000);

  test('restore ID, onto a system that has lost everything', async () => {
    rmSync(join(house.source, 'production'), { recursive: true });
    expect(await old('restore', backup)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 data sets, completed') });
    expect(existsSync(join(house.source, 'production', 'old_dataset', 'dataset_meta.json'))).toBe(true);
  }, 30_000);

  test(`restore ID --dataset-mapping '{"old_dataset": "recovered_dataset"}' --target-tenant production`, async () => {
    const mapping = ['--dataset-mapping', '{"old_dataset": "recovered_dataset"}', '--target-tenant', 'production'];
    const whole = await old('restore', backup, ...mapping);
    expect(whole).toMatchObject({ code: 5, stderr: expect.stringContaining('articles') }); // the other data set is there already
    expect(await old('restore', backup, ...mapping, '--dataset-ids', 'old_dataset')).toMatchObject({ code: 0 });
    expect(existsSync(join(house.source, 'production', 'recovered_dataset', 'dataset_meta.json'))).toBe(true);
  }, 30_000);

  test('verify ID', async () => {
    expect(await old('verify', backup)).toMatchObject({ code: 0, stdout: expect.stringContaining(`Verified ${backup} (full) passed`) });
  }, 30_000);

  test.each([['cleanup'], ['test-restore', 'backup_20240101_120000_abc123']])('%s is not built, and says so', async (...words) => {
    expect(await old(...words)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('is not built in this version; nothing was done'),
    });
  });
});

describe('the rest of the day', () => {
  test('what changed is added by an incremental backup, which show and contents tell of', async () => {
    await place(house.source, 'acme', 'series', ['gen-v4-series', '1']);
    const created = (await json('create', '--type', 'incremental', '--tenant-id', 'acme')) as {
      backup_id: string;
      type: string;
      status: string;
    };
    expect(created).toMatchObject({ type: 'incremental', status: 'completed' });
    expect((await dr('show', created.backup_id)).stdout).toMatch(/^type +incremental$/m);
    const files = (await dr('contents', created.backup_id, '--json')).stdout.trim().split('\n');
    expect(files.length).toBeGreaterThan(5);
    expect(await dr('status', created.backup_id, '--wait')).toMatchObject({ code: 0, stdout: expect.stringContaining('completed') });
    expect((await dr('events', created.backup_id)).stdout).toContain('BackupSealed');
  }, 40_000);

  test('data sets: what is protected, and what is not', async () => {
    const { datasets } = (await json('datasets')) as { datasets: { tenant_id: string; dataset_id: string; protected: boolean }[] };
    const open = datasets.filter((d) => !d.protected).map((d) => `${d.tenant_id}/${d.dataset_id}`);
    expect(open.sort()).toEqual(['production/recovered_dataset', 'torn/damaged']);
  }, 30_000);

  test('a partial backup is verified with what it lacks, exit code 3', async () => {
    const { backups } = (await json('list', '--tenant-id', 'torn', '--status', 'partial')) as { backups: { backup_id: string }[] };
    const ran = await dr('verify', backups[0]!.backup_id);
    expect(ran).toMatchObject({ code: 3, stdout: expect.stringContaining('The backup itself is partial:\n  damaged: ') });
  }, 30_000);

  test('a dry run shows what would happen, and does nothing', async () => {
    const ran = await dr('restore', 'latest', '--tenant-id', 'acme', '--target-tenant', 'acme-copy', '--dry-run');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('acme-copy/series') });
    expect(existsSync(join(house.source, 'acme-copy'))).toBe(false);
  }, 30_000);

  test('a backup is deleted and brought back; without a terminal only with --yes', async () => {
    const id = CREATED.exec((await dr('create', '--tenant-id', 'production')).stdout)![1]!;
    expect(await dr('delete', id)).toMatchObject({ code: 2, stderr: expect.stringContaining('Give --yes') });
    expect(await dr('delete', id, '--yes')).toMatchObject({ code: 0, stdout: expect.stringContaining(`Backup deleted: ${id}; until `) });
    expect((await json('show', id)) as object).toMatchObject({ status: 'deleted' });
    expect(await dr('undelete', id)).toMatchObject({ code: 0, stdout: `Backup brought back: ${id}\n` });
    expect((await json('show', id)) as object).toMatchObject({ status: 'completed' });
  }, 40_000);

  test('the configuration, with origins', async () => {
    const shown = (await dr('config', 'show')).stdout;
    expect(shown).toMatch(/^DATABASE_URL +postgres:\/\/dr_app:\*\*\*@\S+ +start$/m);
    expect(shown).toMatch(/^BACKUP_COMPRESSION_LEVEL +1 +default$/m);
  }, 20_000);

  test.each([
    [['show', 'backup_20000101_000000_00000000'], 4],
    [['restore', 'backup_20000101_000000_00000000'], 4],
    [['create', '--tenant-id', 'nobody'], 5],
    [['create', '--tenant-id', 'acme', '--type', 'mirror'], 2],
    [['cancel', 'BACKUP'], 5],
    [['list', '--limit', '0'], 2],
  ])(
    '%j is refused with exit code %i, stdout stays empty',
    async (words, code) => {
      const ran = await dr(...words.map((word) => (word === 'BACKUP' ? backup : word)));
      expect({ code: ran.code, stdout: ran.stdout, told: ran.stderr.startsWith('dr: ') }).toEqual({ code, stdout: '', told: true });
    },
    20_000,
  );

  test('kill -9 of the gateway and of PostgreSQL while a backup is waited for: the waiting goes on to its end', async () => {
    const waiting = dr('create', '--type', 'full', '--tenant-id', 'production');
    await pause(600);
    house.kill('gateway');
    house.kill('postgres');
    const ran = await waiting;
    expect({ code: ran.code, created: CREATED.test(ran.stdout), stderr: ran.stderr }).toMatchObject({ code: 0, created: true });
    expect(ran.stderr).not.toContain('unexpected');
    await house.untilReady();
  }, 90_000);

  test('everything is lost but the storage: inventory, list, restore', async () => {
    const folder = freshDir('lost');
    expect(await dr('export', join(folder, 'inventory.json'))).toMatchObject({ code: 0 });
    const { backups } = JSON.parse(readFileSync(join(folder, 'inventory.json'), 'utf8')) as { backups: { backup_id: string }[] };
    await house.stop();
    writeFileSync(join(folder, 'passphrase'), readFileSync(join(house.home, 'passphrase')));
    const offline = ['--repo', house.repository, '--passphrase-file', join(folder, 'passphrase')];
    const listed = JSON.parse((await dr(...offline, 'list', '--json')).stdout) as { backups: { backup_id: string }[] };
    expect(listed.backups.map((b) => b.backup_id).sort()).toEqual(backups.map((b) => b.backup_id).sort());
    expect(await dr(...offline, 'restore', backup, '--target', join(folder, 'back'))).toMatchObject({ code: 0 });
    expect(existsSync(join(folder, 'back', 'production', 'articles'))).toBe(true);
    expect((await dr('list')).stderr).toContain('To work without a service: dr --repo URI list');
  }, 60_000);
});
