/** Restores from the storage alone: what comes back, where, and what is refused. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { articles, FIRST, filesOf, GIVEN_UP, SECOND, sampleRepository } from '../testing/sample-repository.ts';
import { dr as drWith, type Ran } from '../testing/terminal.ts';

let repo: string;
beforeAll(async () => {
  repo = await sampleRepository();
});
afterAll(removeFolders);

const dr = (...argv: string[]): Promise<Ran> => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });
const json = (ran: Ran) => JSON.parse(ran.stdout);

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
