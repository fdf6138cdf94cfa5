/** System state on the command line, with nothing but the storage: shown apart, restored by name into a new folder, never with the data sets. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemStateId } from '@dr/config/system-state';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { StubGateway } from '../testing/stub-gateway.ts';
import { dr as drWith } from '../testing/terminal.ts';

const FIRST = 'backup_20260131_120000_0a1b2c3d';
const SECOND = 'backup_20260201_120000_0a1b2c3d';
const finding = { format: 'opaque', code: 'W1', severity: 'error', path: 'app.conf', message: 'unreadable: EACCES' };
const [db, etc] = [systemStateId('db'), systemStateId('etc')];

let repo: string;
beforeAll(async () => {
  repo = await repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { articles: { 'a.txt': 'one' }, [db]: { output: 'dump' }, [etc]: { 'app.conf': 'x' } } },
    {
      tenant: 'globex',
      backupId: SECOND,
      datasets: { articles: { 'a.txt': 'two' }, [etc]: { other: 'y' } },
      about: { [etc]: { status: 'partial', findings: [finding] } },
    },
  ]);
});
afterAll(removeFolders);

let target: string;
beforeEach(() => {
  target = temporaryFolder();
});
const dr = (...argv: string[]) => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const restore = (...argv: string[]) => dr('restore', ...argv, '--target', target);

test('show has it apart from the data sets, and contents only when it is asked for', async () => {
  const { stdout } = await dr('show', SECOND);
  expect(stdout).toMatch(/SYSTEM STATE +STATUS +FILES +SIZE\netc +partial +1 +1 B/);
  expect(stdout).toContain('error  etc/app.conf');
  expect(JSON.parse((await dr('show', FIRST, '--json')).stdout)).toMatchObject({
    dataset_ids: ['articles'],
    system_state: [{ name: 'db', status: 'completed', bytes: 4 }, { name: 'etc' }],
  });
  expect((await dr('contents', FIRST)).stdout).not.toContain('output');
  expect((await dr('contents', FIRST, '--system-state', 'db')).stdout).toContain('output');
  expect(await dr('contents', FIRST, '--system-state', 'none')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('no system state none'),
  });
});

test('a restore of the backup leaves it out, and is whole without it', async () => {
  expect(await restore(FIRST)).toMatchObject({ code: 0 });
  expect(readdirSync(join(target, 'acme'))).toEqual(['articles']);
});

test('by name it goes to a folder of that name, and nothing is left beside it', async () => {
  const { code, stdout } = await restore(FIRST, '--system-state', 'db');
  expect([code, stdout]).toEqual([
    0,
    expect.stringContaining(`Restored system state db of ${FIRST} to ${join(target, 'db')}: 1 file, 4 B`),
  ]);
  expect(readFileSync(join(target, 'db/output'), 'utf8')).toBe('dump');
  expect(readdirSync(target)).toEqual(['db']);
});

test('latest is the newest backup that holds it, whosever; what it lacks is told, with exit code 3', async () => {
  expect(await restore('latest', '--system-state', 'db')).toMatchObject({ code: 0, stdout: expect.stringContaining(FIRST) });
  const etc = await restore('latest', '--system-state', 'etc');
  expect(etc).toMatchObject({ code: 3, stdout: expect.stringMatching(new RegExp(`${SECOND}[\\s\\S]*app.conf  unreadable`)) });
});

test('what is there is never written over, and what goes with data sets does not go with it', async () => {
  mkdirSync(join(target, 'db'));
  expect(await restore(FIRST, '--system-state', 'db')).toMatchObject({ code: 5, stderr: expect.stringContaining('is there already') });
  expect(await restore(FIRST, '--system-state', 'db', '--overwrite')).toMatchObject({ code: 2 });
  expect(await dr('restore', FIRST, '--system-state', 'db')).toMatchObject({ code: 2, stderr: expect.stringContaining('--target DIR') });
  expect(await restore(SECOND, '--system-state', 'db')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('does not hold system state db'),
  });
});

describe('with a gateway', () => {
  test('it asks whether this key may, and reads the repository that the gateway names', async () => {
    const settings = { 'backup.path': { value: repo, origin: 'default' } };
    const answers: Record<string, object> = {
      [`/api/v1/backups/${FIRST}/contents`]: { files: [], next_cursor: null },
      '/api/v1/config': { settings, warnings: [] },
    };
    const gateway = await new StubGateway(({ path }) => ({ status: answers[path] ? 200 : 404, body: answers[path] })).start();
    const env = { BACKUP_PASSPHRASE: PASSPHRASE, ...gateway.env };
    const argv = ['restore', FIRST, '--system-state', 'db', '--target', target];
    const ran = await drWith(argv, { env });
    await gateway.stop();
    expect(gateway.asked[0]).toMatchObject({ query: { system_state: 'db' } });
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining(`Reading the repository at ${repo}`) });
    expect(readFileSync(join(target, 'db/output'), 'utf8')).toBe('dump');
  });
});
