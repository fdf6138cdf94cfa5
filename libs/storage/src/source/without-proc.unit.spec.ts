import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { SourceOutside, SourceUnavailable } from './errors.ts';
import { proveLocation, proveLocationSync } from './location.ts';
import { PinnedFolder } from './pinned-folder.ts';
import { walkFolder } from './walk.ts';

/** What systems without /proc do: the second way of proving where a file lies. */
const VIA_HANDLE = [true, false];

function folderWithLink(): string {
  const root = temporaryFolder();
  mkdirSync(join(root, 'real'));
  writeFileSync(join(root, 'real/f'), 'x');
  symlinkSync('real', join(root, 'link'));
  return root;
}

describe.each(VIA_HANDLE)('the place of an opened file, told by its handle: %s', (viaHandle) => {
  test('is proven, and a link on the way is refused', async () => {
    const root = folderWithLink();
    const [straight, around] = [join(root, 'real/f'), join(root, 'link/f')];
    const handle = await open(straight);
    await proveLocation(handle.fd, straight, viaHandle);
    proveLocationSync(handle.fd, straight, viaHandle);
    await handle.close();
    const led = await open(around);
    await expect(proveLocation(led.fd, around, viaHandle)).rejects.toThrow(SourceOutside);
    expect(() => proveLocationSync(led.fd, around, viaHandle)).toThrow(SourceOutside);
    await led.close();
  });
});

test.each(VIA_HANDLE)('a walk gives the same with folders pinned (%s) or by path', async (pin) => {
  const folder = await PinnedFolder.open(Buffer.from(folderWithLink()), pin);
  const found: string[] = [];
  for await (const page of walkFolder(folder, '')) found.push(...page.map(({ path, kind }) => `${path} ${kind}`));
  await folder.close();
  expect(found).toEqual(['link symlink', 'real dir', 'real/f file']);
});

test('a pinned folder stays the one that was opened, whatever takes its name', async () => {
  const root = folderWithLink();
  const folder = await PinnedFolder.open(Buffer.from(join(root, 'real')), true);
  renameSync(join(root, 'real'), join(root, 'was-real'));
  symlinkSync('/etc', join(root, 'real'));
  expect((await folder.entries()).map(({ name }) => String(name))).toEqual(['f']);
  expect((await folder.lstat(Buffer.from('f'))).isFile()).toBe(true);
  await folder.close();
});

test.each(['EACCES', 'EIO'])('a folder that cannot be read (%s) is an error, not an empty one', async (code) => {
  const real = await PinnedFolder.open(Buffer.from(folderWithLink()));
  const refuse = async (): Promise<never> => Promise.reject(Object.assign(new Error(`${code}: as planned`), { code }));
  const below = new Proxy(real, {
    get: (target, name) => {
      const value = target[name as keyof PinnedFolder];
      if (name === 'openFolder') return refuse;
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  const itself = new Proxy(real, { get: (target, name) => (name === 'entries' ? refuse : target[name as keyof PinnedFolder]) });
  const all = async (folder: PinnedFolder): Promise<void> => {
    for await (const _ of walkFolder(folder, 'set'));
  };
  await expect(all(below)).rejects.toThrow(SourceUnavailable);
  await expect(all(itself)).rejects.toThrow(/set could not be read: .*as planned/);
  await real.close();
});
