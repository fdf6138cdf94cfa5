import { cpSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { isSameStorage, storageIdentity } from './storage-identity.ts';

test('a folder is known again under another path, and a copy of it is another storage', async () => {
  const parent = temporaryFolder();
  const root = join(parent, 'root');
  mkdirSync(root);
  writeFileSync(join(root, 'a'), 'a');
  const identity = await storageIdentity(root);
  cpSync(root, join(parent, 'copy'), { recursive: true, preserveTimestamps: true });
  renameSync(root, join(parent, 'moved'));
  expect(isSameStorage(identity, await storageIdentity(join(parent, 'moved')))).toBe(true);
  expect(isSameStorage(identity, await storageIdentity(join(parent, 'copy')))).toBe(false);
  await expect(storageIdentity(root)).rejects.toMatchObject({ code: 'source.missing' });
});

test.each([
  ['1-20', '1-20', true],
  ['1-20', '1-21', false],
  ['1-20', '2-20', false],
  ['1-20', '1-0', true],
  ['1-0', '2-0', false],
])('%s and %s: %s', (a, b, same) => expect(isSameStorage(a, b)).toBe(same));
