import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BadPlace, type Place, placeOf } from './place.ts';
import { finishSwap, recordIntent } from './swap.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dr-swap-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (dataset: string, tenant = 'acme'): Place => placeOf(root, { tenant, dataset, restoreId: 'restore_1', n: 1 });

async function put(folder: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'meta.json'), content);
}

const contentOf = (place: Place) => readFile(join(place.target, 'meta.json'), 'utf8');

/** What `finishSwap` has done when it is killed after so many steps. */
const steps: ((place: Place) => Promise<void>)[] = [
  (place) => recordIntent(place),
  (place) => rename(place.target, place.old),
  (place) => rename(place.staging, place.target),
  (place) => rm(place.old, { recursive: true }),
  (place) => rm(place.intent),
];

test.each([0, 1, 2, 3, 4, 5])('killed after step %i, the swap is finished by the next start', async (killedAfter) => {
  const place = at('articles');
  await put(place.target, 'before');
  await put(place.staging, 'after');
  for (const step of steps.slice(0, killedAfter)) await step(place);
  await finishSwap(place);
  expect(await contentOf(place)).toBe('after');
  expect(await readdir(place.tenantFolder)).toEqual(['articles']);
  await finishSwap(place);
  expect(await contentOf(place)).toBe('after');
});

test('a new data set takes its place, in a folder that is made for it', async () => {
  const place = at('team/2026/articles');
  await put(place.staging, 'after');
  await recordIntent(place);
  await finishSwap(place);
  expect(await contentOf(place)).toBe('after');
  expect(await readdir(dirname(place.target))).toEqual(['articles']);
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
