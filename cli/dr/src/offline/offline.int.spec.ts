/** Looking into a repository with nothing but the storage and the passphrase. */
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { FIRST, filesOf, finding, GIVEN_UP, OTHERS, SECOND, sampleRepository } from '../testing/sample-repository.ts';
import { dr as drWith, type Ran } from '../testing/terminal.ts';

let repo: string;
beforeAll(async () => {
  repo = await sampleRepository();
});
afterAll(removeFolders);

const dr = (...argv: string[]): Promise<Ran> => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const json = (ran: Ran) => JSON.parse(ran.stdout);

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
