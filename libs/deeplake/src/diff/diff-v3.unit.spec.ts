import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cutToVersion } from '../cut/cut-to-version.ts';
import { editedView } from '../cut/edited-view.ts';
import type { DatasetView } from '../dataset-view.ts';
import { inspectDataset } from '../inspect-dataset.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { parseCommitDiff } from './commit-diff.ts';
import { diffDataset } from './diff-dataset.ts';

let steps: string[];
beforeAll(async () => {
  const folder = await unpackFixture('gen-v3-series');
  steps = readdirSync(folder)
    .filter((name) => /^\d/.test(name))
    .sort()
    .map((name) => join(folder, name));
});
afterAll(removeTestFolders);

const diff = async (before: DatasetView, after: DatasetView) => (await diffDataset(before, after, 'v3'))!;
const step = async (from: number, to: number) => {
  const { branches, exact } = await diff(new FolderView(steps[from]!), new FolderView(steps[to]!));
  expect(exact).toBe(true);
  return branches.map(({ name, change, commits, undone, rows }) => ({ name, change, commits, undone, rows }));
};
const none = { added: 0, updated: 0, deleted: 0 };

test('each step of a data set that the real client wrote', async () => {
  expect(await step(0, 1)).toEqual([{ name: 'main', change: 'changed', commits: 0, undone: 0, rows: { ...none, added: 150 } }]);
  expect(await step(1, 2)).toEqual([{ name: 'main', change: 'changed', commits: 1, undone: 0, rows: none }]);
  expect(await step(2, 3)).toEqual([{ name: 'main', change: 'changed', commits: 0, undone: 0, rows: { ...none, added: 150 } }]);
  expect(await step(3, 4)).toEqual([
    { name: 'main', change: 'changed', commits: 0, undone: 0, rows: { added: 0, updated: 1, deleted: 1 } },
  ]);
  const [exp] = (await step(4, 5)).filter(({ name }) => name !== 'main');
  expect(exp).toMatchObject({ change: 'added', rows: { added: 40, deleted: 0 } });
});

test('over several steps', async () => {
  const [main] = await step(0, 4);
  expect(main).toMatchObject({ name: 'main', commits: 1, rows: { added: 300, updated: 1, deleted: 1 } });
  expect(await step(4, 4)).toEqual([]);
});

test('tensors by their folders: rows of each, and names that changed', async () => {
  const full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  const at = async (version: string) => editedView(full, await cutToVersion(full, 'v3', { version }));
  const { branches } = await diff(await at('844c9091'), await at('13368a7a'));
  expect(branches[0]).toMatchObject({ name: 'main', commits: 1, columns: { added: [], dropped: [] } });
  expect(branches[0]!.columns!.renamed).toHaveLength(1);
  const { branches: merged, exact, notes } = await diff(await at('13368a7a'), full);
  expect([exact, notes]).toEqual([false, [expect.stringContaining('Branch main: a merge')]]);
  expect(merged.map(({ name, change }) => [name, change])).toEqual([
    ['exp', 'added'],
    ['main', 'changed'],
  ]);
});

test('any two commits of main: rows of every tensor come out', async () => {
  const full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  const ids = (await inspectDataset(full, { format: 'v3' })).versions.filter(
    ({ branch, committedAtMs }) => branch === 'main' && committedAtMs,
  );
  const captures = await Promise.all(ids.map(async ({ version }) => editedView(full, await cutToVersion(full, 'v3', { version }))));
  for (let i = 0; i < ids.length; i++)
    for (let j = i; j < ids.length; j++) {
      const main = (await diff(captures[i]!, captures[j]!)).branches.find(({ name }) => name === 'main');
      for (const { name, rowsBefore, rowsAfter, added, deleted } of main?.tensors ?? [])
        expect([ids[i]!.message, ids[j]!.message, name, rowsBefore + added - deleted]).toEqual([
          ids[i]!.message,
          ids[j]!.message,
          name,
          rowsAfter,
        ]);
    }
});

test('a data set that was made anew is told as replaced, an earlier version as what was undone', async () => {
  const full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  const other = full.clone();
  other.editText('version_control_info.json', (text) => text.replace('1795384909.007813', '1795384908.007813'));
  expect((await diff(full, other)).replaced).toBe(true);
  const early = editedView(full, await cutToVersion(full, 'v3', { version: '844c9091' }));
  const main = (await diff(full, early)).branches.find(({ name }) => name === 'main');
  expect(main).toMatchObject({ commits: 0, undone: 2 });
});

describe('a commit diff', () => {
  const u64 = (...values: number[]) =>
    Buffer.concat(
      values.map((value) => {
        const b = Buffer.alloc(8);
        b.writeBigInt64BE(BigInt(value));
        return b;
      }),
    );
  const bytes = Buffer.concat([Buffer.from([0, 0, 0]), u64(10, 15, 2, 3, 4), Buffer.from([0]), u64(1, 7, 99)]);

  test('is read', () => {
    const { added, updated, deleted, cleared } = parseCommitDiff(bytes);
    expect([added, [...updated], [...deleted], cleared]).toEqual([5, [3, 4], [7], false]);
    expect([...parseCommitDiff(bytes.subarray(0, 44)).deleted]).toEqual([]);
  });

  test.each([0, 2, 10, 26, 30, 50])('cut at %i bytes is malformed', (length) => {
    expect(() => parseCommitDiff(bytes.subarray(0, length))).toThrow('commit diff');
  });
});
