/** A backup that left something out says so with nothing but the storage. */
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { dr as drWith } from '../testing/terminal.ts';

const [LOST, HARMLESS] = ['backup_20260131_120000_0a1b2c3d', 'backup_20260201_120000_0a1b2c3d'];

let repo: string;
beforeAll(async () => {
  const leftOut = (lost: number, reason: string) => ({ leftOut: { total: 3, lost, paths: [{ path: 'acme/shut', reason }] } });
  repo = await repositoryWith([
    { tenant: 'acme', backupId: LOST, datasets: { one: { a: 'a' } }, extra: leftOut(1, 'unreadable') },
    { tenant: 'acme', backupId: HARMLESS, datasets: { one: { a: 'a' } }, extra: leftOut(0, 'loose-file') },
  ]);
});
afterAll(removeFolders);

const dr = (...argv: string[]) => drWith(['--repo', repo, ...argv], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });

test('it is partial when data may be lost, and shows what it left out', async () => {
  const { stdout } = await dr('show', LOST);
  expect(stdout).toMatch(/status +partial/);
  expect(stdout).toContain('Not in this backup, because in no data set (1 of 3 may hold data):\n  acme/shut  unreadable\n  and 2 more');
  const harmless = await dr('show', HARMLESS);
  expect(harmless.stdout).toMatch(/status +completed/);
  expect(harmless.stdout).toContain('acme/shut  loose-file');
});

test('verify ends with exit code 3 for it', async () => {
  expect(await dr('verify', LOST)).toMatchObject({ code: 3, stdout: expect.stringContaining('The backup itself is partial') });
  expect((await dr('verify', HARMLESS)).code).toBe(0);
});

test('a restore of all of it is partial, one of a data set by name is whole', async () => {
  const target = temporaryFolder();
  const all = await dr('restore', LOST, '--target', target);
  expect(all).toMatchObject({ code: 3, stdout: expect.stringContaining('It left out 1 that may hold data') });
  expect((await dr('restore', LOST, '--target', target, '--dataset-ids', 'one', '--target-tenant', 'copy')).code).toBe(0);
});
