/** What ended restores left in a folder: cleared away where nobody has been since, and left alone in every other case. */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeIn } from '../target/place.ts';
import { recordIntent } from './intent.ts';
import { clearLeftover, leftoversIn } from './leftovers.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dr-left-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = { tenant: 'acme', dataset: 'articles', restoreId: 'restore_1', n: 2 };
const place = () => placeIn(folder, { ...at, token: 7 });

async function put(path: string, content: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'meta.json'), content);
}
const left = () => readdir(folder);
const content = () => readFile(join(place().target, 'meta.json'), 'utf8');

test('our names are told by restore and data set, others are nobody’s', async () => {
  for (const name of ['.dr-restore_1-2-7', '.dr-old-restore_1-2', '.dr-intent-restore_2-1', '.dr-offline_ab-1-99', '.dr-x', 'articles'])
    await mkdir(join(folder, name));
  const found = (await leftoversIn(folder)).sort((a, b) => (a.restoreId < b.restoreId ? -1 : 1));
  expect(found).toEqual([
    { restoreId: 'restore_1', n: 2 },
    { restoreId: 'restore_2', n: 1 },
  ]);
  expect(await leftoversIn(join(folder, 'nowhere'))).toEqual([]);
});

test('a staging goes', async () => {
  await put(place().staging, 'half');
  expect(await clearLeftover(folder, at, false)).toBeUndefined();
  expect(await left()).toEqual([]);
});

test('a swap that had begun is undone, or finished', async () => {
  await put(place().target, 'before');
  await put(place().staging, 'after');
  await recordIntent(place());
  await rename(place().target, place().old);
  await clearLeftover(folder, at, false);
  expect([await left(), await content()]).toEqual([['articles'], 'before']);
});

test('what was there before goes when the new one is in its place', async () => {
  await put(place().target, 'after');
  await put(place().old, 'before');
  expect(await clearLeftover(folder, at, true)).toBeUndefined();
  expect([await left(), await content()]).toEqual([['articles'], 'after']);
});

test('it comes back when nothing was put in its place and nothing is there', async () => {
  await put(place().old, 'before');
  expect(await clearLeftover(folder, at, false)).toBeUndefined();
  expect([await left(), await content()]).toEqual([['articles'], 'before']);
});

test.each([
  ['the restored one is gone', true, undefined],
  ['something else stands there', false, 'another'],
])('it stays when %s', async (_, wasRestored, there) => {
  await put(place().old, 'before');
  if (there) await put(place().target, there);
  expect(await clearLeftover(folder, at, wasRestored)).toBe(place().old);
  expect(await readFile(join(place().old, 'meta.json'), 'utf8')).toBe('before');
});
