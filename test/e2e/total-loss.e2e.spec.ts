/** Total loss: state directory and database are gone, the repository and its passphrase are left. docs/operations/total-loss.md tells the same steps. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDir } from '../support/servers.ts';
import { RunningHouse } from './support/running-house.ts';
import { place } from './support/sources.ts';

const checkout = join(import.meta.dirname, '..', '..');
const kept = freshDir('kept');
const [repository, passphrase] = [join(kept, 'repository'), join(kept, 'passphrase')];
const houses: RunningHouse[] = [];

afterAll(() => Promise.all(houses.map((house) => house.stop())), 60_000);

async function start(settings: Record<string, string> = {}): Promise<RunningHouse> {
  const house = await RunningHouse.start(settings);
  houses.push(house);
  return house;
}

const onTheKept = (): Promise<RunningHouse> => start({ BACKUP_PATH: repository, BACKUP_PASSPHRASE_FILE: passphrase });

async function dr(home: string, ...words: string[]) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DR_HOME: home };
  const child = spawn(join(checkout, 'bin', 'dr'), words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (said.stdout += String(bytes)));
  child.stderr.on('data', (bytes) => (said.stderr += String(bytes)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, ...said };
}

type Doc = Record<string, unknown>;

/** Everything that the API tells of the past. */
async function past(house: RunningHouse): Promise<Doc> {
  const get = async (path: string) => {
    const { request_id: _, ...body } = (await house.call<Doc>('GET', `/api/v1${path}`)).body;
    return body as Doc;
  };
  const { backups } = (await get('/backups?limit=100')) as { backups: Doc[] };
  const ids = backups.map((backup) => String(backup['backup_id']));
  const each = (path: string) => Promise.all(ids.map((id) => get(`/backups/${id}${path}`)));
  const keys = ((await get('/api-keys')) as { api_keys: Doc[] }).api_keys.map(({ last_used_at: _, ...key }) => key);
  return {
    backups,
    shown: await each(''),
    contents: await each('/contents'),
    events: await each('/events'),
    restores: await get('/restores?limit=100'),
    statistics: await get('/admin/backups/stats'),
    keys: keys.filter((key) => key['revoked_at'] === null && !String(key['key_id']).startsWith('first_')),
  };
}

type LogRow = { position: string; event_id: string; hash: string; body: string };
const logOf = (house: RunningHouse): Promise<LogRow[]> =>
  house.sql<LogRow>(
    `SELECT l.position, l.event_id, encode(l.hash, 'hex') AS hash, encode(e.body, 'hex') AS body
       FROM event_log l JOIN events e USING (event_id) ORDER BY l.position`,
    [],
  );

async function copied(house: RunningHouse): Promise<void> {
  for (let waited = 0; waited < 90_000; waited += 200) {
    const [row] = await house.sql<{ behind: string }>(
      `SELECT (SELECT max(position) FROM event_log) - (SELECT (heads ->> 'position')::bigint FROM log_copies) AS behind`,
      [],
    );
    if (row?.behind === '0') return;
    await pause(200);
  }
  throw new Error(`the log was not copied:\n${house.diagnosis()}`);
}

let before: { past: Doc; log: LogRow[] };

test('a house lives, and is lost', async () => {
  const house = await start();
  await place(house.source, 'acme', 'articles', ['gen-v4-full', 'ds']);
  await place(house.source, 'beta', 'old', ['v3-tiny', '']);
  await house.untilReady();
  const first = await house.run<Doc>('/api/v1/backups', {
    tenant_id: 'acme',
    type: 'full',
    description: 'before the upgrade',
    metadata: { ticket: 7 },
  });
  await house.run('/api/v1/backups', { tenant_id: 'acme', type: 'incremental' });
  const third = await house.run<Doc>('/api/v1/backups', { tenant_id: 'beta', type: 'full' });
  const id = String(first['backup_id']);
  await house.run(`/api/v1/backups/${id}/verify`, { level: 'full' });
  await house.run(`/api/v1/backups/${id}/restore`, { target_tenant: 'copy' });
  await house.call('DELETE', `/api/v1/backups/${String(third['backup_id'])}?force=true`);
  await house.call('POST', '/api/v1/api-keys', { tenant_id: 'acme', scopes: ['backup:read'] });
  await house.run('/api/v1/backups', { tenant_id: 'beta', type: 'full' });
  await copied(house);
  before = { past: await past(house), log: await logOf(house) };
  await house.stop();
  cpSync(house.repository, repository, { recursive: true });
  copyFileSync(join(house.home, 'passphrase'), passphrase);
  rmSync(house.home, { recursive: true });
}, 180_000);

test('before anything is set up, restores work with the storage and the passphrase alone', async () => {
  const list = await dr(kept, '--repo', repository, '--passphrase-file', passphrase, 'list', '--json');
  expect(list).toMatchObject({ code: 0 });
  const target = join(kept, 'restored');
  const restored = await dr(
    kept,
    '--repo',
    repository,
    '--passphrase-file',
    passphrase,
    'restore',
    'latest',
    '--tenant-id',
    'acme',
    '--target',
    target,
  );
  expect(restored).toMatchObject({ code: 0 });
  expect(existsSync(target)).toBe(true);
}, 60_000);

test('a new house on the old repository has the same past: catalog, audit trail, statistics, keys', async () => {
  const house = await onTheKept();
  await house.untilReady();
  const log = await logOf(house);
  expect(log.slice(0, before.log.length)).toEqual(before.log);
  expect(await past(house)).toEqual(before.past);
  const since = log.slice(before.log.length).map(({ body }) => (JSON.parse(Buffer.from(body, 'hex').toString()) as { type: string }).type);
  expect(since.sort()).toEqual(['ApiKeyCreated', 'LogImported']);
  expect(house.said).toContain('came back from there');
  expect((await house.sql<{ n: number }>('SELECT count(*)::int AS n FROM jobs', []))[0]).toEqual({ n: 0 });
  const rebuilt = await dr(house.home, 'catalog', 'rebuild', '--from', repository, '--json');
  expect(rebuilt.code).toBe(0);
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ imported: before.log.length, forks: 0, unreadable: [], recovered: 0 });
  expect(await dr(house.home, 'catalog', 'rebuild', '--from', '/elsewhere')).toMatchObject({
    code: 5,
    stderr: expect.stringContaining('npm start'),
  });
  const tested = await dr(house.home, 'test');
  expect(tested.stdout).toMatch(/^log copy .*events are in the repository/m);
  await place(house.source, 'acme', 'articles', ['gen-v4-full', 'ds']);
  expect(await house.run('/api/v1/backups', { tenant_id: 'acme', type: 'incremental' })).toMatchObject({ status: 'completed' });
  await copied(house);
  await house.stop();
}, 120_000);

test('without any log in the repository the backups are recorded from their commits', async () => {
  rmSync(join(repository, 'log'), { recursive: true });
  const house = await onTheKept();
  await house.untilReady();
  const { shown } = before.past as { shown: Doc[] };
  const wanted = shown.filter((backup) => backup['status'] === 'completed' || backup['status'] === 'deleted');
  for (const backup of wanted) {
    const found = await house.ended<Doc>(`/api/v1/backups/${String(backup['backup_id'])}`);
    const { dataset_ids, datasets, checksum, size_bytes, compressed_size_bytes, type, tenant_id } = backup;
    expect(found).toMatchObject({
      status: 'completed',
      dataset_ids,
      datasets,
      checksum,
      size_bytes,
      compressed_size_bytes,
      type,
      tenant_id,
    });
  }
  await copied(house);
  expect(readdirSync(join(repository, 'log'))).toEqual(['1']);
  await house.stop();
}, 120_000);

test('a house with a log of its own is not started on the repository of another one', async () => {
  const other = await start();
  await other.untilReady();
  await other.stop();
  const settings = { BACKUP_PATH: repository, BACKUP_PASSPHRASE_FILE: passphrase };
  await expect(other.restartWith(settings)).rejects.toThrow('holds the event log of another installation');
  expect(readFileSync(join(other.home, 'logs', 'supervisor.log'), 'utf8')).toContain('could not start');
}, 120_000);
