import { chmod, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import { asNobody } from '../../../storage/src/testing/as-nobody.ts';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import type { Discovered } from './dataset-ref.ts';
import { discoverDatasets, kindOfFolder } from './discover-datasets.ts';
import { detectFormat } from './layout.ts';
import { isGoodName } from './names.ts';

afterAll(removeTestFolders);

const V4 = '_deeplake_log/_meta/0000000001c00000000.jsonl';
const HUB_V1 = JSON.stringify({ shape: [1], schema: {}, version: 1 });

async function tree(files: readonly string[], contents: Record<string, string> = {}): Promise<string> {
  const root = await testFolder();
  for (const path of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), contents[path] ?? '{}');
  }
  return root;
}

async function discover(root: string, tenant?: string): Promise<string[]> {
  const found: Discovered[] = [];
  for await (const item of discoverDatasets(await openSourceFolder(root), { tenant })) found.push(item);
  return found.map((d) =>
    d.kind === 'dataset' ? `${d.tenant} | ${d.datasetId} | ${d.path} | ${d.format}` : `unprotected ${d.path}: ${d.reason}`,
  );
}

test('a data set is a folder with a root, at any depth, named by its path below the tenant', async () => {
  const root = await tree([
    `acme/docs/${V4}`,
    'acme/db/public/items/dataset_meta.json',
    'acme/old/version_control_info.json',
    `beta/x/${V4}`,
  ]);
  expect(await discover(root)).toEqual([
    'acme | db/public/items | acme/db/public/items | v3',
    'acme | docs | acme/docs | v4',
    'acme | old | acme/old | v3',
    'beta | x | beta/x | v4',
  ]);
});

test('there is no descent below a root: saved views and nested sets belong to it', async () => {
  const root = await tree([`acme/docs/dataset_meta.json`, 'acme/docs/.queries/v/dataset_meta.json', `acme/docs/inner/${V4}`]);
  expect(await discover(root)).toEqual(['acme | docs | acme/docs | v3']);
});

test('Hub v1 roots and first-level folders without any root are one opaque set each', async () => {
  const root = await tree(['acme/hub/meta.json', 'acme/hub/image/0', 'acme/papers/a/b/file.pdf', 'acme/app/meta.json'], {
    'acme/hub/meta.json': HUB_V1,
  });
  await mkdir(join(root, 'acme/empty'));
  expect(await discover(root)).toEqual([
    'acme | app | acme/app | opaque',
    'acme | empty | acme/empty | opaque',
    'acme | hub | acme/hub | opaque',
    'acme | papers | acme/papers | opaque',
  ]);
});

test('a Hub v1 root deeper down is a set of its own; a meta.json of something else is not', async () => {
  const root = await tree(['acme/g/hub/meta.json', 'acme/g/app/meta.json'], { 'acme/g/hub/meta.json': HUB_V1 });
  expect(await discover(root)).toEqual(['unprotected acme/g/app/meta.json: loose-file', 'acme | g/hub | acme/g/hub | opaque']);
});

test('a pickled version tree makes a set opaque; a v4 log without its meta is still v4', async () => {
  const root = await tree(['acme/p/version_control_info', 'acme/p/dataset_meta.json', 'acme/q/_deeplake_log/0a/x']);
  expect(await discover(root)).toEqual(['acme | p | acme/p | opaque', 'acme | q | acme/q | v4']);
});

test('sets directly under the source root belong to tenant default; default/x beside x is said, not hidden', async () => {
  const root = await tree([`direct/${V4}`, `x/${V4}`, `default/x/${V4}`]);
  expect(await discover(root)).toEqual(['default | x | default/x | v4', 'default | direct | direct | v4', 'unprotected x: name-taken']);
});

test('loose files at every level are listed as unprotected', async () => {
  const root = await tree(['top.txt', 'acme/loose.csv', `acme/g/ds/${V4}`, 'acme/g/beside.txt', 'acme/g/stuff/deep.txt']);
  expect(await discover(root)).toEqual([
    'unprotected acme/g/beside.txt: loose-file',
    'acme | g/ds | acme/g/ds | v4',
    'unprotected acme/g/stuff/deep.txt: loose-file',
    'unprotected acme/loose.csv: loose-file',
    'unprotected top.txt: loose-file',
  ]);
});

test('our own .dr- folders are skipped at every level', async () => {
  const root = await tree([`.dr-old/x/${V4}`, `acme/.dr-restore_1/${V4}`, `acme/g/.dr-old-1/${V4}`]);
  expect(await discover(root)).toEqual(['acme | g | acme/g | opaque']);
});

test('links are reported and not followed', async () => {
  const root = await tree([`acme/ds/${V4}`]);
  await symlink(join(root, 'acme/ds'), join(root, 'acme/link'));
  await symlink(join(root, 'acme'), join(root, 'tenant-link'));
  expect(await discover(root)).toEqual(['acme | ds | acme/ds | v4', 'unprotected acme/link: symlink', 'unprotected tenant-link: symlink']);
});

test('names that do not travel are reported and not descended into', async () => {
  const root = await tree([`acme/e\u0301/${V4}`, `acme/a\nb/${V4}`, `bad\u0001/x/${V4}`, `acme/é ü.1/${V4}`]);
  const found = await discover(root);
  expect(found.filter((f) => f.endsWith('bad-name'))).toHaveLength(3);
  expect(found.filter((f) => !f.endsWith('bad-name'))).toEqual(['acme | é ü.1 | acme/é ü.1 | v4']);
});

test('asking for one tenant finds only that one', async () => {
  const root = await tree([`acme/a/${V4}`, `beta/b/${V4}`, `direct/${V4}`, 'loose.txt']);
  expect(await discover(root, 'beta')).toEqual(['beta | b | beta/b | v4']);
  expect(await discover(root, 'nobody')).toEqual([]);
  expect((await discover(root, 'default')).filter((f) => f.startsWith('default'))).toEqual(['default | direct | direct | v4']);
  expect((await discover(root, 'default')).some((f) => /acme|beta/.test(f))).toBe(false);
});

test.each([
  ['a', true],
  ['é', true],
  ['e\u0301', false],
  ['', false],
  ['.', false],
  ['..', false],
  ['a\u0000', false],
  ['a\u0085', false],
  ['a b.c', true],
])('the name %j is good: %s', (name, good) => {
  expect(isGoodName(name)).toBe(good);
});

describe('detectFormat', () => {
  test.each([
    ['gen-v4-full', 'ds', 'v4'],
    ['v3-tiny', '', 'v3'],
    ['lol', '', 'v3'],
    ['hub-old-meta', '', 'v3'],
    ['hub-v1-same-shapes', '', 'opaque'],
  ])('%s is %s', async (archive, set, format) => {
    expect(await detectFormat(new FolderView(join(await unpackFixture(archive), set)))).toBe(format);
  });

  test('agrees between a folder and a listing without folder entries', async () => {
    const view = new MemoryView();
    view.write(V4, '');
    expect(await detectFormat(view)).toBe('v4');
    view.files.clear();
    view.write('sub/dataset_meta.json', '{}');
    expect(await detectFormat(view)).toBe('opaque');
  });
});

describe('folders that cannot be looked into', () => {
  test('are reported, at every level, and hide nothing else', async () => {
    const root = await tree([`acme/docs/${V4}`, 'acme/closed/x', `acme/group/in/${V4}`, 'acme/group/closed/x', 'secret/x/y']);
    for (const path of ['', 'acme/closed', 'acme/group/closed', 'secret']) await chmod(join(root, path), path === '' ? 0o755 : 0);
    expect(await asNobody(() => discover(root))).toEqual([
      'unprotected acme/closed: unreadable',
      'acme | docs | acme/docs | v4',
      'unprotected acme/group/closed: unreadable',
      'acme | group/in | acme/group/in | v4',
      'unprotected secret: unreadable',
    ]);
  });

  test('because they vanished or became links meanwhile are no data sets', async () => {
    const root = await tree([`acme/docs/${V4}`, 'acme/gone/x', 'acme/swapped/x', `other/set/${V4}`]);
    const folder = await openSourceFolder(root);
    const late = new Proxy(folder, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (name !== 'readdir') return typeof value === 'function' ? value.bind(target) : value;
        return async (path = '') => {
          const entries = await target.readdir(path);
          if (path !== 'acme') return entries;
          await rm(join(root, 'acme/gone'), { recursive: true });
          await rename(join(root, 'acme/swapped'), join(root, 'was'));
          await symlink(join(root, 'other/set'), join(root, 'acme/swapped'));
          return entries;
        };
      },
    });
    const found: string[] = [];
    for await (const item of discoverDatasets(late, { tenant: 'acme' })) found.push(item.path);
    expect(found).toEqual(['acme/docs']);
  });
});

test('a folder is a data set, a group of some, or neither', async () => {
  const root = await openSourceFolder(await tree([`acme/group/deep/set/${V4}`, 'acme/v3/dataset_meta.json', 'acme/plain/deep/x.txt']));
  const kinds = ['acme/group', 'acme/group/deep', 'acme/group/deep/set', 'acme/v3', 'acme/plain', 'acme/none', 'acme/plain/deep/x.txt'];
  expect(await Promise.all(kinds.map((path) => kindOfFolder(root, path)))).toEqual([
    'group',
    'group',
    'dataset',
    'dataset',
    'plain',
    'absent',
    'absent',
  ]);
});
