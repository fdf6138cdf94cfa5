import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { BadPlace } from '../errors.ts';
import { exists } from '../target/entries.ts';
import { findPlace, type Place, placeOf } from '../target/place.ts';
import { readIntent, recordIntent } from './intent.ts';
import { finishSwap, removeStagings, undoSwap } from './swap.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dr-swap-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (dataset: string, tenant = 'acme', token = 1): Place => placeOf(root, { tenant, dataset, restoreId: 'restore_1', n: 1, token });

async function put(folder: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'meta.json'), content);
}

const contentOf = (place: Place) => readFile(join(place.target, 'meta.json'), 'utf8');
const leftIn = (place: Place) => readdir(place.folder);

async function staged(place = at('articles'), before: string | undefined = 'before'): Promise<Place> {
  if (before !== undefined) await put(place.target, before);
  await mkdir(place.staging, { recursive: true });
  await pause(TICK_MS);
  await put(place.staging, 'after');
  return place;
}

/** File systems tell births and changes apart from one tick of the kernel's clock to the next; no restore is that quick. */
const TICK_MS = 30;

/** What `finishSwap` has done when it is killed after so many steps. */
const steps: ((place: Place) => Promise<void>)[] = [
  (place) => recordIntent(place),
  (place) => rename(place.target, place.old),
  (place) => rename(place.staging, place.target),
  (place) => rm(place.old, { recursive: true }),
  (place) => rm(place.intent),
];
const doStepsOf = async (place: Place, count: number) => {
  for (const step of steps.slice(0, count)) await step(place);
};

test.each([1, 2, 3, 4])('killed after step %i, the swap is finished by the next start', async (killedAfter) => {
  const place = await staged();
  await doStepsOf(place, killedAfter);
  expect(await finishSwap(at('articles', 'acme', 2))).toBe('done');
  expect(await contentOf(place)).toBe('after');
  expect(await leftIn(place)).toEqual(['articles']);
  expect(await finishSwap(place)).toBe('undone');
  expect(await contentOf(place)).toBe('after');
});

test('without an intent nothing has begun, so nothing is finished', async () => {
  const place = await staged();
  expect(await finishSwap(place)).toBe('undone');
  expect(await contentOf(place)).toBe('before');
});

test('an intent that was cut off while it was written began nothing', async () => {
  const place = await staged();
  await writeFile(place.intent, '{"stag');
  expect(await readIntent(place)).toBeUndefined();
  expect(await finishSwap(place)).toBe('undone');
  expect(await contentOf(place)).toBe('before');
  expect(await exists(place.intent)).toBe(false);
});

test('staging and target are gone, the old one is there: it comes back and is not removed', async () => {
  const place = await staged();
  await doStepsOf(place, 2);
  await rm(place.staging, { recursive: true });
  expect(await finishSwap(place)).toBe('undone');
  expect(await contentOf(place)).toBe('before');
  expect(await leftIn(place)).toEqual(['articles']);
});

test('the staging is gone before anything was renamed: the target stays', async () => {
  const place = await staged();
  await doStepsOf(place, 1);
  await rm(place.staging, { recursive: true });
  expect(await finishSwap(place)).toBe('undone');
  expect(await contentOf(place)).toBe('before');
});

test.each([true, false])(
  'what appears in the target between the renames is not removed, nor is the old one (staging there: %s)',
  async (kept) => {
    const place = await staged();
    await doStepsOf(place, 2);
    if (!kept) await rm(place.staging, { recursive: true });
    await put(place.target, 'somebody else');
    await expect(finishSwap(place)).rejects.toMatchObject({ code: 'restore.swap_disturbed' });
    expect(await contentOf(place)).toBe('somebody else');
    expect(await readFile(join(place.old, 'meta.json'), 'utf8')).toBe('before');
  },
);

test('the old one is removed only when the staged folder itself stands in its place', async () => {
  const place = await staged();
  await doStepsOf(place, 3);
  await rm(place.target, { recursive: true });
  await put(place.target, 'somebody else');
  await expect(finishSwap(place)).rejects.toMatchObject({ code: 'restore.swap_disturbed' });
  expect(await exists(place.old)).toBe(true);
});

test('a second intent is refused: the other worker has the turn', async () => {
  const place = await staged();
  await recordIntent(place);
  await expect(recordIntent(at('articles', 'acme', 2))).rejects.toMatchObject({ code: 'EEXIST' });
});

test('a new data set takes its place, in a folder that is made for it', async () => {
  const place = await staged(at('team/2026/articles'), undefined);
  await recordIntent(place);
  expect(await finishSwap(place)).toBe('done');
  expect(await contentOf(place)).toBe('after');
  expect(await readdir(dirname(place.target))).toEqual(['articles']);
});

test.each([
  [0, 'undone', 'before'],
  [1, 'undone', 'before'],
  [2, 'undone', 'before'],
  [3, 'done', 'after'],
  [4, 'done', 'after'],
])('given up after step %i, the swap is %s and the target is what it was %s', async (killedAfter, end, content) => {
  const place = await staged();
  await doStepsOf(place, killedAfter as number);
  expect(await undoSwap(at('articles', 'acme', 9))).toBe(end);
  expect(await contentOf(place)).toBe(content);
  expect(await leftIn(place)).toEqual(['articles']);
});

test('stagings of earlier claims go, those of other data sets and restores stay', async () => {
  const place = at('articles', 'acme', 3);
  for (const name of ['.dr-restore_1-1-1', '.dr-restore_1-1-2', '.dr-restore_1-11-1', '.dr-restore_2-1-1', '.dr-old-restore_1-1'])
    await put(join(place.folder, name), 'x');
  await removeStagings(place);
  expect(await leftIn(place)).toEqual(['.dr-old-restore_1-1', '.dr-restore_1-11-1', '.dr-restore_2-1-1']);
});

test.each([
  ['..', 'a'],
  ['a/../../b', 'a'],
  ['/etc', 'a'],
  ['', 'a'],
  ['a//b', 'a'],
  ['a\0b', 'a'],
  ['.dr-x', 'a'],
  ['x'.repeat(300), 'a'],
  ['e\u0301', 'a'],
  ['a', '..'],
  ['a', 'b/c'],
  ['a', '.dr-old'],
])('the place %j of tenant %j is refused', (dataset, tenant) => {
  expect(() => at(dataset, tenant)).toThrow(BadPlace);
});

describe('a set of tenant default that lies directly under the source root', () => {
  const where = { tenant: 'default', dataset: 'old-one', restoreId: 'restore_1', n: 1, token: 1 };
  const rootLevel = () =>
    mkdir(join(root, 'old-one', '_deeplake_log'), { recursive: true }).then(() =>
      writeFile(join(root, 'old-one', '_deeplake_log', 'x'), ''),
    );

  test('is replaced there, not shadowed by a copy below default/', async () => {
    await rootLevel();
    expect(await findPlace(root, where)).toMatchObject({ folder: root, target: join(root, 'old-one') });
  });
  test('also after a kill in the middle of its swap', async () => {
    await writeFile(join(root, '.dr-intent-restore_1-1'), '');
    expect((await findPlace(root, where)).folder).toBe(root);
  });
  test('comes back there when it is gone, under its own name only, and not in the place of anything else', async () => {
    expect((await findPlace(root, { ...where, captured: 'old-one' })).folder).toBe(root);
    expect((await findPlace(root, { ...where, captured: 'another' })).folder).toBe(join(root, 'default'));
    expect((await findPlace(root, { ...where, captured: 'default/old-one' })).folder).toBe(join(root, 'default'));
    await put(join(root, 'old-one'), '{}');
    expect((await findPlace(root, { ...where, captured: 'old-one' })).folder).toBe(join(root, 'default'));
  });
  test.each(['nothing', 'default/old-one', 'a folder that is no data set'])('with %s there, the place is below default/', async (there) => {
    if (there === 'default/old-one') {
      await rootLevel();
      await put(join(root, there), 'x');
    }
    if (there.startsWith('a folder')) await put(join(root, 'old-one'), '{}');
    expect((await findPlace(root, where)).folder).toBe(join(root, 'default'));
  });
});
