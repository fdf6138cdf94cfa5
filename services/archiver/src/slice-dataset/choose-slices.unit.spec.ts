import type { SourceFile, SourceFolder } from '@dr/storage';
import { chooseSlices, isIn, SLICES_MAX } from './choose-slices.ts';

const folderOf = (files: readonly (readonly [path: string, size: number, kind?: string])[]): Pick<SourceFolder, 'list'> => ({
  async *list() {
    for (let at = 0; at < files.length; at += 7) {
      yield files.slice(at, at + 7).map(([path, size, kind = 'file']) => ({ path, size, kind }) as SourceFile);
    }
  },
});
const many = (count: number, size: number) => Array.from({ length: count }, (_, n) => [`f${String(n).padStart(5, '0')}`, size] as const);

test('what is less than two slices is not cut, nor is what is empty', async () => {
  expect(await chooseSlices(folderOf(many(19, 10)), 100)).toEqual([{ from: '' }]);
  expect(await chooseSlices(folderOf([]), 100)).toEqual([{ from: '' }]);
  expect(await chooseSlices(folderOf([['one', 150]]), 100)).toEqual([{ from: '' }]);
});

test('slices hold about what was asked for, one after another', async () => {
  expect(await chooseSlices(folderOf(many(25, 10)), 100)).toEqual([
    { from: '', to: 'f00010' },
    { from: 'f00010', to: 'f00020' },
    { from: 'f00020' },
  ]);
});

test('a file larger than a slice is one; folders and links count nothing', async () => {
  const files = [
    ['a', 500],
    ['b', 0, 'dir'],
    ['b/c', 900, 'symlink'],
    ['b/d', 10],
    ['z', 10],
  ] as const;
  expect(await chooseSlices(folderOf(files), 100)).toEqual([{ from: '', to: 'b/d' }, { from: 'b/d' }]);
});

test('a data set of any size has at most so many slices', async () => {
  const slices = await chooseSlices(folderOf(many(5_000, 1_000)), 10);
  expect(slices.length).toBeLessThanOrEqual(SLICES_MAX);
  expect(slices.length).toBeGreaterThan(SLICES_MAX / 2);
});

test('every path lies in exactly one slice, beyond the basic plane too', () => {
  const slices = [{ from: '', to: '\u{FFFD}' }, { from: '\u{FFFD}', to: '\u{1F600}' }, { from: '\u{1F600}' }];
  const within = slices.map(isIn);
  for (const path of ['', 'a', 'ÿ', '\u{FFFD}', '\u{FFFD}x', '\u{10000}', '\u{1F600}', '\u{1F600}/a', '\u{1F601}']) {
    expect([path, within.filter((isInSlice) => isInSlice(path)).length]).toEqual([path, 1]);
  }
  expect(slices.map(isIn).map((isInSlice) => isInSlice('\u{10000}'))).toEqual([false, true, false]);
});
