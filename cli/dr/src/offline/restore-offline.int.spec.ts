/** Restores from the storage alone are as careful as the restorer's: over what is there, some paths, partial backups, runs that were killed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { dr as drWith } from '../testing/terminal.ts';

const FIRST = 'backup_20260131_120000_0a1b2c3d';
const SECOND = 'backup_20260201_120000_0a1b2c3d';
const finding = { format: 'v3', code: 'M3', severity: 'error', path: 'x', message: 'the length is wrong' };

let repo: string;
beforeAll(async () => {
  repo = await repositoryWith([
    { tenant: 'acme', backupId: FIRST, datasets: { articles: { 'a.txt': 'one', 'deep/b.json': '{}' } } },
    {
      tenant: 'acme',
      backupId: SECOND,
      datasets: { articles: { 'a.txt': 'two' }, late: { x: 'x' } },
      about: { articles: { status: 'partial', findings: [finding] } },
    },
  ]);
});
afterAll(removeFolders);

let target: string;
beforeEach(() => {
  target = temporaryFolder();
});
const dr = (...argv: string[]) =>
  drWith(['--repo', repo, 'restore', ...argv, '--target', target], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const at = (path: string) => join(target, 'acme', path);
const put = (path: string, content: string) => {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), content);
};
const names = () => readdirSync(join(target, 'acme')).sort();

test('--overwrite replaces what is there as a whole, and leaves nothing beside it', async () => {
  put('articles/mine', 'mine');
  expect(await dr(FIRST, '--overwrite')).toMatchObject({ code: 0 });
  expect(readdirSync(at('articles')).sort()).toEqual(['a.txt', 'deep']);
  expect(names()).toEqual(['articles']);
});

test('a dry run says what would change, and is refused as the restore would be', async () => {
  put('articles/a.txt', 'mine');
  const over = await dr(FIRST, '--overwrite', '--dry-run');
  expect(over).toMatchObject({ code: 0, stdout: expect.stringMatching(/articles \(exists\) +completed +5 B +1 +1 +0 +0/) });
  const refused = await dr(FIRST, '--dry-run');
  expect(refused).toMatchObject({ code: 5, stdout: expect.stringContaining('exists already') });
  expect(readFileSync(at('articles/a.txt'), 'utf8')).toBe('mine');
});

test('a fresh lock is a reason not to replace it, unless forced', async () => {
  put('articles/dataset_lock.lock', 'x');
  expect(await dr(FIRST, '--overwrite')).toMatchObject({ code: 5, stderr: expect.stringContaining('is locked by a writer') });
  expect(await dr(FIRST, '--overwrite', '--force')).toMatchObject({ code: 0 });
});

test('some paths into a new data set are partial', async () => {
  expect(await dr(FIRST, '--path', 'deep')).toMatchObject({ code: 3, stdout: expect.stringContaining('Only the paths deep') });
  expect(readdirSync(at('articles'))).toEqual(['deep']);
});

test('what the backup holds with loss is told, with exit code 3; latest prefers a whole backup and says when there is none', async () => {
  expect(await dr(SECOND)).toMatchObject({ code: 3, stdout: expect.stringContaining('the length is wrong') });
  const late = await dr('latest', '--dataset-ids', 'late', '--target-tenant', 'copy');
  expect(late).toMatchObject({ code: 0, stderr: expect.stringContaining(`${SECOND} is the latest, and it is partial`) });
  const whole = await dr('latest', '--target-tenant', 'whole');
  expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining(FIRST) });
});

describe('a run that was killed', () => {
  const ours = `offline_${createHash('sha256').update('articles').digest('hex').slice(0, 16)}-1`;

  test('after it set the old one aside: the next run puts it back before anything else', async () => {
    put(`.dr-old-${ours}/a.txt`, 'before');
    put(`.dr-intent-${ours}`, JSON.stringify({ staging: `.dr-${ours}-999999`, identity: '1 0' }));
    expect(await dr(FIRST)).toMatchObject({ code: 5, stderr: expect.stringContaining('exists already') });
    expect(readFileSync(at('articles/a.txt'), 'utf8')).toBe('before');
    expect(names()).toEqual(['articles']);
  });

  test('while it staged: what it left goes', async () => {
    put(`.dr-${ours}-999999/half`, 'half');
    expect(await dr(FIRST)).toMatchObject({ code: 0 });
    expect(names()).toEqual(['articles']);
  });

  test('is told from one that still works', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    put(`.dr-${ours}-${other.pid}/half`, 'half');
    try {
      expect(await dr(FIRST)).toMatchObject({ code: 5, stderr: expect.stringContaining(`process ${other.pid}`) });
      expect(names()).toEqual([`.dr-${ours}-${other.pid}`]);
    } finally {
      other.kill();
    }
  });
});
