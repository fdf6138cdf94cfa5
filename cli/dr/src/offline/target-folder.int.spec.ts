/** Where a restore without services may go: nowhere by accident, and never through a file. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemStateId } from '@dr/config/system-state';
import { PASSPHRASE, removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';
import { dr as drWith } from '../testing/terminal.ts';
import { targetFolder } from './target-folder.ts';

const BACKUP = 'backup_20260131_120000_0a1b2c3d';
let repo: string;
let folder: string;
beforeAll(async () => {
  const datasets: Record<string, Record<string, string>> = { files: { f: 'x' }, [systemStateId('etc')]: { conf: 'y' } };
  repo = await repositoryWith([{ tenant: 'acme', backupId: BACKUP, datasets }]);
});
beforeEach(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), 'mine');
});
afterAll(removeFolders);

const restore = (target: string, ...more: string[]) =>
  drWith(['--repo', repo, 'restore', BACKUP, '--target', target, ...more], { env: { BACKUP_PASSPHRASE: PASSPHRASE } });

describe.each([[[]], [['--system-state', 'etc']]])('restore %j', (more) => {
  test('an empty target is no target', async () => {
    expect(await restore('', ...more)).toMatchObject({ code: 2, stderr: expect.stringContaining('--target is empty') });
  });

  test.each(['file', 'file/deep/er'])('%s is refused in words, and the file stays', async (target) => {
    const ran = await restore(join(folder, target), ...more);
    expect(ran).toMatchObject({ code: 5, stderr: expect.stringContaining(`${join(folder, 'file')} is a file`) });
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a folder that is not there yet is made', async () => {
    expect((await restore(join(folder, 'new/one'), ...more)).code).toBe(0);
    expect(readdirSync(join(folder, 'new/one'))).toEqual([more.length > 0 ? 'etc' : 'acme']);
  });
});

test('a folder, a link to one, and the folder one is in', async () => {
  const context = { path: (path: string) => resolve(folder, path) };
  mkdirSync(join(folder, 'there'));
  symlinkSync(join(folder, 'there'), join(folder, 'link'));
  const told = await Promise.all(['there', 'link', '.', 'a/b'].map((target) => targetFolder(target, context)));
  expect(told).toEqual(['there', 'link', '', 'a/b'].map((path) => join(folder, path)));
});
