/** Hooks and system state in a whole house: kill -9 of the archiver while they run leaves nothing of them running, and the backup goes on; a dump comes back. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isRunning } from '../../libs/service/src/testing/is-running.ts';
import { until } from '../../libs/service/src/testing/test-house.ts';
import { freshDir } from '../support/servers.ts';
import { RunningHouse } from './support/running-house.ts';

interface Backup {
  backup_id: string;
  status: string;
  system_state: { name: string; status: string; bytes: number; error_message?: string }[];
}

const folder = freshDir('hooked');
const at = (name: string) => join(folder, name);
let house: RunningHouse;

/** Says where it is and waits until it is let on: the first time only. */
const slow = (name: string) =>
  `echo $$ >> ${at(name)}; if [ $(wc -l < ${at(name)}) = 1 ]; then sleep 600; fi; echo done >> ${at(`${name}-done`)}`;

beforeAll(async () => {
  const config = {
    backup: {
      hooks: { pre: [{ command: ['sh', '-c', slow('pre')] }], post: [{ command: ['sh', '-c', `echo $DR_ATTEMPT >> ${at('post')}`] }] },
      system_state: [
        { name: 'dump', command: ['sh', '-c', `${slow('dump')}; seq 1 100000`] },
        { name: 'broken', command: ['sh', '-c', 'echo secret >&2; exit 7'] },
        { name: 'etc', path: at('etc') },
      ],
    },
  };
  mkdirSync(at('etc'));
  writeFileSync(join(at('etc'), 'app.conf'), 'setting');
  writeFileSync(at('dr.yaml'), JSON.stringify(config));
  house = await RunningHouse.start({ DR_CONFIG: at('dr.yaml') });
  mkdirSync(join(house.source, 'acme/set'), { recursive: true });
  writeFileSync(join(house.source, 'acme/set/meta.json'), '{}');
}, 120_000);
afterAll(() => house.stop(), 30_000);

const pidsIn = (name: string) => (existsSync(at(name)) ? readFileSync(at(name), 'utf8').trim().split('\n').map(Number) : []);
const dr = (...argv: string[]) =>
  spawnSync(join(import.meta.dirname, '../../bin/dr'), argv, { encoding: 'utf8', env: { ...process.env, DR_HOME: house.home } });

let backup: Backup;

test('the archiver is killed while a hook and a command run: both end with it, run again, and the backup ends', async () => {
  const asked = await house.call('POST', '/api/v1/backups', { tenant_id: 'acme' });
  expect(asked.status).toBe(202);
  await until(() => pidsIn('pre').length === 1 && pidsIn('dump').length === 1, 'the hook and the command');
  const running = [...pidsIn('pre'), ...pidsIn('dump')];
  expect(running.every(isRunning)).toBe(true);
  house.kill('archiver');
  await until(() => !running.some(isRunning), 'their end');
  backup = await house.ended<Backup>(asked.headers.get('location')!);
  expect(backup.status).toBe('partial');
  await pause(200);
  expect([pidsIn('pre').length, pidsIn('dump').length]).toEqual([2, 2]);
  expect(readFileSync(at('post'), 'utf8')).toBe('2\n');
}, 120_000);

test('what failed is named without what it wrote, and what did not is there', () => {
  expect(backup.system_state.map(({ name, status }) => [name, status])).toEqual([
    ['dump', 'completed'],
    ['broken', 'failed'],
    ['etc', 'completed'],
  ]);
  expect(JSON.stringify(backup)).toContain('exit code 7');
  expect(JSON.stringify(backup)).not.toContain('secret');
  expect(readFileSync(join(house.home, 'logs/archiver.log'), 'utf8')).toContain('secret');
});

test('contents are those of data sets, and of an item only when it is asked for', async () => {
  type Page = { files: { dataset_id: string; path: string }[] };
  const of = async (query: string) => (await house.call<Page>('GET', `/api/v1/backups/${backup.backup_id}/contents${query}`)).body.files;
  expect((await of('')).map(({ dataset_id }) => dataset_id)).toEqual(['set']);
  expect((await of('?system_state=dump')).map(({ path }) => path)).toEqual(['output']);
});

test('dr restore brings it back by name, on the machine of the house', () => {
  const restored = dr('restore', backup.backup_id, '--system-state', 'dump', '--target', at('back'));
  expect([restored.status, restored.stderr]).toEqual([0, expect.stringContaining('Reading the repository')]);
  expect(readFileSync(join(at('back'), 'dump/output'), 'utf8').split('\n')).toHaveLength(100_001);
  expect(dr('restore', 'latest', '--system-state', 'etc', '--target', at('back')).status).toBe(0);
  expect(readFileSync(join(at('back'), 'etc/app.conf'), 'utf8')).toBe('setting');
  expect(dr('restore', backup.backup_id, '--system-state', 'broken', '--target', at('back')).status).toBe(4);
});

test('a restore of the backup restores the data set, and says nothing is missing of it', async () => {
  const restore = await house.run<{ datasets: { to: string }[] }>(`/api/v1/backups/${backup.backup_id}/restore`, { target_tenant: 'copy' });
  expect([restore.status, restore.datasets.map(({ to }) => to)]).toEqual(['completed', ['set']]);
});
