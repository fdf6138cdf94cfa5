import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { dr as drWith, type Ran } from '../testing/terminal.ts';

const FIRST = 'backup_20260131_120000_0a1b2c3d';
const SECOND = 'backup_20260201_120000_0a1b2c3d';
const GIVEN_UP = 'backup_20260202_120000_0a1b2c3d';
const OTHERS = 'backup_20260203_120000_0a1b2c3d';

const articles = { 'chunks/0': 'a'.repeat(5_000), 'chunks/1': 'b', 'dataset_metadata.json': '{}' };
const finding = { format: 'v3', code: 'V3-7', severity: 'error', path: 'x', message: 'chunk is missing' };

let repo: string;
beforeAll(async () => {
  repo = await repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { articles, 'deep/support': { f: 'old' } } },
    {
      tenant: 'acme',
      backupId: SECOND,
      datasets: { articles: { ...articles, 'chunks/1': 'new' } },
      about: { articles: { status: 'partial', findings: [finding] } },
    },
    { tenant: 'acme', backupId: GIVEN_UP, datasets: {} },
    { tenant: 'other', backupId: OTHERS, datasets: { x: { f: '1' } } },
  ]);
});
afterAll(removeFolders);

const dr = (...argv: string[]): Promise<Ran> => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const json = (ran: Ran) => JSON.parse(ran.stdout);

/** Every file below a folder with its content. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map((entry) => [
      join(entry.parentPath, entry.name).slice(folder.length + 1),
      readFileSync(join(entry.parentPath, entry.name), 'utf8'),
    ]),
  );
}

describe('list', () => {
  test('shows all tenants, newest first, tombstones too', async () => {
    const ran = await dr('list', '--json');
    expect(ran.code).toBe(0);
    expect(json(ran).backups.map((b: Record<string, unknown>) => [b['backup_id'], b['tenant_id'], b['status']])).toEqual([
      [OTHERS, 'other', 'completed'],
      [GIVEN_UP, 'acme', 'failed'],
      [SECOND, 'acme', 'partial'],
      [FIRST, 'acme', 'completed'],
    ]);
  });

  test('narrows to a tenant and to a number', async () => {
    expect(json(await dr('list', '--tenant-id', 'acme', '--limit', '2', '--json')).backups).toHaveLength(2);
    expect(await dr('list', '--tenant-id', 'nobody')).toMatchObject({
      code: 4,
      stdout: '',
      stderr: expect.stringContaining('nothing of tenant "nobody"'),
    });
  });

  test.each([
    [['--status', 'partial'], [SECOND]],
    [['--status', 'failed'], [GIVEN_UP]],
    [['--dataset-id', 'deep/support'], [FIRST]],
    [
      ['--since', '2026-02-01'],
      [GIVEN_UP, OTHERS, SECOND],
    ],
    [['--until', '2026-02-01'], [FIRST]],
    [['--type', 'incremental'], []],
  ])('%j filters as with services', async (argv, ids) => {
    const { backups } = json(await dr('list', '--json', ...argv));
    expect(backups.map((b: { backup_id: string }) => b.backup_id).sort()).toEqual([...ids].sort());
  });

  test('is a table for people', async () => {
    const [head, row] = (await dr('list', '--tenant-id', 'other')).stdout.split('\n');
    expect(head).toMatch(/^BACKUP +TIME \(UTC\) +TENANT +TYPE +STATUS +SETS +SIZE +ADDED$/);
    expect(row).toMatch(new RegExp(`^${OTHERS}  2026-02-03 12:00:00  other +full  completed +1 +1 B +`));
  });
});

describe('show and contents', () => {
  test('show has what the commit holds', async () => {
    const ran = await dr('show', SECOND, '--json');
    expect(json(ran)).toMatchObject({
      backup_id: SECOND,
      timestamp: '2026-02-01T12:00:00.000Z',
      type: 'full',
      status: 'partial',
      dataset_ids: ['articles'],
      datasets: [{ dataset_id: 'articles', objects: 3, rows: 3, branches: ['main'], findings: [finding] }],
      size_bytes: 5_005,
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      storage_path: expect.stringMatching(/^t\/[0-9a-f]{32}\/backups\//),
    });
    expect((await dr('show', SECOND)).stdout).toContain('error  articles/x  v3 V3-7: chunk is missing');
    expect((await dr('show', GIVEN_UP)).stdout).toContain('no data set could be captured');
  });

  test('contents lists files with digests, all or below a path', async () => {
    const lines = (await dr('contents', FIRST, '--json')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ dataset_id, path, size }) => [dataset_id, path, size])).toEqual([
      ['articles', 'chunks/0', 5_000],
      ['articles', 'chunks/1', 1],
      ['articles', 'dataset_metadata.json', 2],
      ['deep/support', 'f', 3],
    ]);
    expect(lines.every(({ digest }) => /^[0-9a-f]{64}$/.test(digest))).toBe(true);
    const below = await dr('contents', FIRST, 'chunks', '--dataset-id', 'articles');
    expect(below.stdout.match(/articles\/chunks/g)).toHaveLength(2);
    expect((await dr('contents', FIRST, 'none')).code).toBe(4);
  });

  test.each([
    [['show', 'backup_20250101_000000_00000000'], 4, 'no backup backup_20250101_000000_00000000'],
    [['contents', GIVEN_UP], 5, 'was given up'],
    [['contents', FIRST, '--dataset-id', 'none'], 4, 'has no data set none. It has articles, deep/support'],
    [['verify', 'backup_20250101_000000_00000000'], 4, 'no backup'],
  ] as const)('%j ends with exit code %i', async (argv, code, words) => {
    expect(await dr(...argv)).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
  });
});

describe('restore', () => {
  test('brings back every file under DIR/tenant/data set', async () => {
    const target = temporaryFolder();
    const ran = await dr('restore', FIRST, '--target', target);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`Restored ${FIRST}: 2 data sets, completed`);
    expect(filesOf(target)).toEqual({
      'acme/articles/chunks/0': articles['chunks/0'],
      'acme/articles/chunks/1': 'b',
      'acme/articles/dataset_metadata.json': '{}',
      'acme/deep/support/f': 'old',
    });
  });

  test('takes the newest that is whole, or the newest by then', async () => {
    const [now, then] = [temporaryFolder(), temporaryFolder()];
    const newest = await dr('restore', 'latest', '--tenant-id', 'acme', '--target', now);
    expect(newest).toMatchObject({ code: 0, stderr: expect.stringContaining(`${SECOND} is newer, but partial`) });
    expect(readFileSync(join(now, 'acme/articles/chunks/1'), 'utf8')).toBe('b');
    expect((await dr('restore', 'latest', '--as-of', '2026-02-01T00:00:00Z', '--tenant-id', 'acme', '--target', then)).code).toBe(0);
    expect(readFileSync(join(then, 'acme/articles/chunks/1'), 'utf8')).toBe('b');
    expect(await dr('restore', 'latest', '--as-of', '2020-01-01', '--tenant-id', 'acme', '--target', then)).toMatchObject({ code: 5 });
    const whose = await dr('restore', 'latest', '--target', then);
    expect(whose).toMatchObject({ code: 2, stderr: expect.stringContaining('latest of which tenant? Give --tenant-id (acme, other)') });
  });

  test('under other names, some data sets, or only in words', async () => {
    const target = temporaryFolder();
    const argv = [
      'restore',
      FIRST,
      '--target',
      target,
      '--dataset-ids',
      'deep/support',
      '--dataset-mapping',
      '{"deep/support":"s2"}',
      '--target-tenant',
      'copy',
    ];
    expect(json(await dr(...argv, '--dry-run', '--json'))).toMatchObject({
      dry_run: true,
      possible: true,
      target_tenant: 'copy',
      datasets: [{ to: 's2', target: { exists: false }, changes: { added: { files: 1, bytes: 3 } } }],
    });
    expect(readdirSync(target)).toEqual([]);
    expect((await dr(...argv)).code).toBe(0);
    expect(filesOf(target)).toEqual({ 'copy/s2/f': 'old' });
  });

  test('never writes into a data set folder that holds something, and then writes nothing at all', async () => {
    const target = temporaryFolder();
    mkdirSync(join(target, 'acme/deep/support'), { recursive: true });
    writeFileSync(join(target, 'acme/deep/support/mine'), 'x');
    const ran = await dr('restore', FIRST, '--target', target);
    expect(ran).toMatchObject({ code: 5, stdout: '', stderr: expect.stringContaining('deep/support exists already') });
    expect(filesOf(target)).toEqual({ 'acme/deep/support/mine': 'x' });
    expect(existsSync(join(target, 'acme/articles'))).toBe(false);
  });

  test.each([
    [['--dataset-ids', 'none'], 4, 'has no data set none'],
    [['--dataset-mapping', '{"none":"x"}'], 4, 'has no data set none'],
    [['--dataset-mapping', '{"articles":"../out"}'], 5, 'cannot be the name of a restored data set'],
    [['--dataset-mapping', '{"articles":".dr-x"}'], 5, 'cannot be the name'],
    [['--dataset-mapping', '{"articles":"/abs"}'], 5, 'cannot be the name'],
    [['--target-tenant', '..'], 5, 'cannot be the name of a restored tenant'],
    [['--target-tenant', 'a/b'], 5, 'cannot be the name of a restored tenant'],
    [['--dataset-mapping', '{"articles":"deep"}'], 5, 'or below it'],
    [['--dataset-mapping', '{"articles":"deep/support"}'], 5, 'or below it'],
    [['--overwrite', '--path', 'a*'], 2, 'does not go with --overwrite'],
    [['--path', 'nothing*'], 5, 'No file of articles matches'],
    [['--no-wait'], 2, '--no-wait cannot be used with --repo'],
    [['--version', 'main'], 5, 'Data set articles: Its layout is not known to us'],
    [['--version', 'main', '--path', 'a*'], 2, '--version takes whole data sets'],
  ] as const)('%j is refused with exit code %i', async (more, code, words) => {
    const target = temporaryFolder();
    const ran = await dr('restore', FIRST, '--target', target, ...more);
    expect(ran).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(words) });
    expect(readdirSync(target)).toEqual([]);
  });

  test('puts nothing in place whose structure is broken beyond what the backup said', async () => {
    const logs = { '_deeplake_log/_meta/0000000003m00000000.jsonl': 'x', '_deeplake_log/0a/0000000017m00000000.jsonl': 'y' };
    const about = { v4: { format: 'v4' as const } };
    const v4 = await repositoryWith([{ tenant: 'acme', backupId: FIRST, datasets: { v4: logs }, about }]);
    const target = temporaryFolder();
    const ran = await drWith(['--repo', v4, 'restore', FIRST, '--target', target], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
    expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining('does not pass the structure checks') });
    expect(filesOf(target)).toEqual({});
  });

  test('needs to be told where to', async () => {
    expect(await dr('restore', FIRST)).toMatchObject({ code: 2, stderr: expect.stringContaining('--target DIR') });
    expect(await dr('restore', GIVEN_UP, '--target', temporaryFolder())).toMatchObject({ code: 5 });
  });

  test('Ctrl-C ends it with 130', async () => {
    const ran = await drWith(['--repo', repo, 'restore', FIRST, '--target', temporaryFolder()], {
      env: { BACKUP_PASSPHRASE: PASSPHRASE },
      signal: AbortSignal.abort(),
    });
    expect(ran).toMatchObject({ code: 130, stdout: '' });
  });
});

describe('verify', () => {
  test.each(['quick', 'full'])('%s passes on a whole repository', async (level) => {
    const ran = await dr('verify', FIRST, '--level', level);
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^Verified ${FIRST} \\(${level}\\) passed: 4 files`)) });
  });

  test('of a partial backup that can be restored as it is says what is missing, with exit code 3', async () => {
    const ran = await dr('verify', SECOND);
    expect(ran).toMatchObject({ code: 3, stderr: '' });
    expect(ran.stdout).toContain(`Verified ${SECOND} (full) passed: 3 files`);
    expect(ran.stdout).toContain('The backup itself is partial:\n  articles: V3-7 x: chunk is missing');
    expect(json(await dr('verify', SECOND, '--json'))).toMatchObject({
      status: 'passed',
      backup_status: 'partial',
      missing: [{ dataset_id: 'articles', message: 'V3-7 x: chunk is missing' }],
    });
    expect((await dr('verify', '--all')).code).toBe(3);
  });

  test('--all leaves out what holds no data', async () => {
    expect(json(await dr('verify', '--all', '--json')).verifications).toHaveLength(3);
    expect(json(await dr('verify', '--all', '--tenant-id', 'other', '--json')).verifications).toHaveLength(1);
  });

  test('names a damaged object and the files that need it; restore gives the others back and no wrong byte', async () => {
    const big = randomBytes(90_000).toString('base64');
    const damaged = await repositoryWith([{ tenant: 'acme', backupId: FIRST, datasets: { good: { f: 'x' }, bad: { big } } }]);
    const pack = readdirSync(damaged, { recursive: true })
      .map(String)
      .find((name) => /packs\/data\/..\/[0-9a-f]{64}$/.test(name))!;
    const bytes = readFileSync(join(damaged, pack));
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(join(damaged, pack), bytes);
    const env = { BACKUP_PASSPHRASE: PASSPHRASE };
    const verified = await drWith(['verify', FIRST, '--repo', damaged], { env });
    expect(verified).toMatchObject({ code: 1, stdout: expect.stringContaining(pack) });
    expect(verified.stdout).toContain('needed by bad/big');
    const target = temporaryFolder();
    const restored = await drWith(['restore', FIRST, '--repo', damaged, '--target', target], { env });
    expect(restored).toMatchObject({ code: 3, stdout: expect.stringContaining(pack) });
    expect(filesOf(target)).toEqual({ 'acme/good/f': 'x' });
    expect(readdirSync(join(target, 'acme'))).toEqual(['good']);
  });
});

test('a commit that was removed is told of by list and verify: its traces are left, and silent for days', async () => {
  const robbed = await repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1'.repeat(600) } } },
    { tenant: 'acme', backupId: SECOND, datasets: { a: { f: '2'.repeat(600) } } },
  ]);
  const names = readdirSync(robbed, { recursive: true }).map(String);
  rmSync(join(robbed, names.find((name) => name.endsWith(`backups/${SECOND}`))!));
  const days = Date.now() / 1000 - 3 * 86_400;
  for (const name of names.filter((each) => /\/(sessions|index)\//.test(each) && each.includes(SECOND)))
    utimesSync(join(robbed, name), days, days);
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  const warning = new RegExp(`${SECOND} has 1 index segments.*commit was removed`);
  expect(await drWith(['--repo', robbed, 'list'], { env })).toMatchObject({ code: 0, stderr: expect.stringMatching(warning) });
  expect(await drWith(['--repo', robbed, 'verify', FIRST], { env })).toMatchObject({ code: 0, stdout: expect.stringMatching(warning) });
  expect(json(await drWith(['--repo', robbed, 'verify', FIRST, '--json'], { env })).warnings).toEqual([expect.stringMatching(warning)]);
});

describe('a damaged commit', () => {
  test('hides no other backup, and keeps latest from being guessed', async () => {
    const damaged = await repositoryWith([
      { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } },
      { tenant: 'acme', backupId: SECOND, datasets: { a: { f: '2' } } },
    ]);
    const commit = readdirSync(damaged, { recursive: true })
      .map(String)
      .find((name) => name.endsWith(`backups/${SECOND}`))!;
    writeFileSync(join(damaged, commit), 'junk');
    const env = { BACKUP_PASSPHRASE: PASSPHRASE };
    const listed = await drWith(['--repo', damaged, 'list', '--json'], { env });
    expect(listed.code).toBe(3);
    expect(json(listed).backups.map((b: { backup_id: string }) => b.backup_id)).toEqual([FIRST]);
    expect(listed.stderr).toContain(commit);
    const latest = await drWith(['--repo', damaged, 'restore', 'latest', '--target', temporaryFolder()], { env });
    expect(latest).toMatchObject({ code: 5, stderr: expect.stringContaining('Name the one to restore') });
    expect((await drWith(['--repo', damaged, 'verify', '--all'], { env })).code).toBe(1);
  });
});

describe('keys of a tenant that are damaged in both copies', () => {
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  let damaged: string;
  beforeAll(async () => {
    damaged = await repositoryWith([
      { tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } },
      { tenant: 'other', backupId: OTHERS, datasets: { b: { f: '2' } } },
    ]);
    const shown = JSON.parse((await drWith(['--repo', damaged, 'show', FIRST, '--json'], { env })).stdout);
    const tag = shown.storage_path.split('/')[1];
    for (const folder of ['keys', 'keys2']) writeFileSync(join(damaged, folder, 't', tag, '1'), 'junk');
  });

  test('are told of by list, which shows the others, with exit code 3', async () => {
    const ran = await drWith(['--repo', damaged, 'list', '--json'], { env });
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringMatching(/^Left out: .*keys2\/t\/[0-9a-f]{32}\/1/) });
    expect(json(ran).backups.map((b: { backup_id: string }) => b.backup_id)).toEqual([OTHERS]);
    expect(await drWith(['--repo', damaged, 'list', '--tenant-id', 'other'], { env })).toMatchObject({ code: 0, stderr: '' });
    expect(await drWith(['--repo', damaged, 'list', '--tenant-id', 'acme'], { env })).toMatchObject({ code: 1, stdout: '' });
  });

  test('leave the others restorable, and are named for a backup that may be theirs', async () => {
    expect((await drWith(['--repo', damaged, 'restore', OTHERS, '--target', temporaryFolder()], { env })).code).toBe(0);
    expect(await drWith(['--repo', damaged, 'show', FIRST], { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('keys2/t/'),
    });
    const latest = await drWith(['--repo', damaged, 'restore', 'latest', '--target', temporaryFolder()], { env });
    expect(latest).toMatchObject({ code: 5, stderr: expect.stringContaining('Name the one to restore') });
  });
});

describe('export', () => {
  test('writes the inventory of the storage alone', async () => {
    const folder = temporaryFolder();
    const ran = await drWith(['--repo', repo, 'export', 'inventory.json'], { env: { BACKUP_PASSPHRASE: PASSPHRASE }, folder });
    expect(ran.code).toBe(0);
    const { backups } = JSON.parse(readFileSync(join(folder, 'inventory.json'), 'utf8'));
    expect(backups).toEqual(json(await dr('list', '--json')).backups);
  });
});

describe('the passphrase', () => {
  const file = (content: string): string => {
    const path = join(temporaryFolder(), 'passphrase');
    writeFileSync(path, content);
    return path;
  };

  test.each([
    ['a flag', () => ({ argv: ['--passphrase-file', file(`${PASSPHRASE}\n`)], env: {} })],
    ['a file', () => ({ argv: [], env: { BACKUP_PASSPHRASE_FILE: file(PASSPHRASE) } })],
    ['a command', () => ({ argv: [], env: { BACKUP_PASSPHRASE_COMMAND: `cat ${file(PASSPHRASE)}`, PATH: process.env['PATH'] } })],
    ['a flag before anything else', () => ({ argv: ['--passphrase-file', file(PASSPHRASE)], env: { BACKUP_PASSPHRASE_FILE: '/none' } })],
  ])('comes from %s', async (_where, given) => {
    const { argv, env } = given();
    expect(await drWith(['--repo', `file://${repo}`, 'list', ...argv], { env })).toMatchObject({ code: 0 });
  });

  test('of a local house is found for its own repository', async () => {
    const home = temporaryFolder();
    mkdirSync(join(home, 'repository'));
    const inside = await repositoryWith([{ tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } }]);
    cpSync(inside, join(home, 'repository'), { recursive: true });
    writeFileSync(join(home, 'passphrase'), PASSPHRASE);
    expect((await drWith(['--repo', join(home, 'repository'), 'list'], { env: { DR_HOME: home } })).code).toBe(0);
  });

  test('is asked for when it is missing, and told when it is wrong', async () => {
    expect(await drWith(['--repo', repo, 'list'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('is protected by a passphrase, and none was given'),
    });
    expect(await drWith(['--repo', repo, 'list'], { env: { BACKUP_PASSPHRASE: 'wrong' } })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('does not open'),
    });
    const two = await drWith(['--repo', repo, 'list'], { env: { BACKUP_PASSPHRASE: 'a', BACKUP_PASSPHRASE_FILE: '/b' } });
    expect(two).toMatchObject({ code: 2, stderr: expect.stringContaining('only one of') });
  });

  test('is not needed where there is no encryption', async () => {
    const open = await repositoryWith([{ tenant: 'acme', backupId: FIRST, datasets: { a: { f: '1' } } }], { encryption: false });
    expect((await drWith(['--repo', open, 'list'])).code).toBe(0);
  });
});

test('nothing is ever written to the repository', async () => {
  const before = readdirSync(repo, { recursive: true }).map(String).sort();
  for (const argv of [['list'], ['show', FIRST], ['contents', FIRST], ['verify', FIRST], ['restore', FIRST, '--target', temporaryFolder()]])
    await dr(...argv);
  expect(readdirSync(repo, { recursive: true }).map(String).sort()).toEqual(before);
});

test('a place without a repository is not found', async () => {
  expect(await drWith(['--repo', temporaryFolder(), 'list'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('There is no repository'),
  });
  expect(await drWith(['--repo', 'relative/none', 'list'], { folder: temporaryFolder() })).toMatchObject({ code: 4 });
});
