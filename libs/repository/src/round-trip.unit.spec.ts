import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '@dr/storage';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { backUp, newRepository } from './testing/opened.ts';

afterAll(removeFolders);

const mixed = (): string => {
  const root = folderOf({
    'empty.bin': '',
    'small.json': '{"a":1}',
    'deep/er/medium.bin': randomBytes(5_000),
    'large.bin': randomBytes(5_500_000),
    'text.txt': 'the same line again\n'.repeat(100_000),
    'ünï/cödé ☃ 𝄞.txt': 'unicode',
  });
  mkdirSync(join(root, 'empty-folder'));
  symlinkSync('../outside', join(root, 'deep/link'));
  chmodSync(join(root, 'small.json'), 0o640);
  utimesSync(join(root, 'large.bin'), 1_600_000_000.123456, 1_600_000_000.123456);
  return root;
};

test('a folder comes back byte for byte, with modes and times, empty files and folders, and links', async () => {
  const source = mixed();
  const store = await openStore(temporaryFolder());
  const repository = await newRepository(store, { workers: 2 });
  const tenant = await repository.tenant('acme', { create: true });
  const { trees, commit } = await backUp(tenant, 'backup_1', { articles: source });
  expect(commit).toMatchObject({ kind: 'commit', backupId: 'backup_1' });
  expect(trees[0]!.findings).toEqual([]);
  const target = join(temporaryFolder(), 'back');
  const report = await tenant.restore(trees[0]!.root, target);
  expect(contentsOf(target)).toEqual(contentsOf(source));
  expect(report).toMatchObject({ objects: 6 });
  const verified = await tenant.verify('backup_1', { level: 'full' });
  expect(verified.findings).toEqual([]);
  expect(verified).toMatchObject({ ok: true, objects: 6, bytes: trees[0]!.bytes });
  await repository.close();
});
