import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cutToVersion } from '../cut/cut-to-version.ts';
import { editedView } from '../cut/edited-view.ts';
import type { DatasetView } from '../dataset-view.ts';
import { inspectDataset } from '../inspect-dataset.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { column, deleted, MAIN, rowId, rows, V4Builder } from '../testing/v4-builder.ts';
import { diffDataset } from './diff-dataset.ts';

afterAll(removeTestFolders);

const SIDE = '2'.repeat(32);
const v = (base: number, rest = 'm00000000') => `${String(base).padStart(10, '0')}${rest}`;
const branch = (id: string, name: string, version: string) => ({ createBranch: { id, name, parent: MAIN, version } });
const tag = (id: string, name: string, version: string) => ({ createTag: { id, name, branch_id: MAIN, version } });
const updated = (...rowIds: (number | [number, number])[]) => ({
  updateData: { c: 1, r: rowIds, f: { p: 'x', b: 8, s: 1, f2: { t: '3', d: {} } } },
});

const diff = async (before: DatasetView, after: DatasetView) => (await diffDataset(before, after, 'v4'))!;
const base = () =>
  new V4Builder()
    .log(v(1), column(1, 'id'), column(2, 'text'))
    .log(v(2), rows(1, 10), rows(1, 10, 2))
    .log(v(3), rows(2, 5));
const mainOf = async (after: V4Builder, before = base()) => {
  const { branches, exact } = await diff(before.view, after.view);
  expect(exact).toBe(true);
  return branches.find(({ name }) => name === 'main');
};

test('rows added, updated and deleted are those that the new commits name, each once', async () => {
  const after = base()
    .log(v(4), rows(3, 7), rows(3, 7, 2))
    .log(v(5), updated(rowId(1, 0), [rowId(1, 2), 3]))
    .log(v(6), updated(rowId(1, 2)), deleted(rowId(1, 4), rowId(2, 0)));
  expect(await mainOf(after)).toMatchObject({ commits: 3, undone: 0, rows: { added: 7, updated: 3, deleted: 2 } });
});

test('a row that came and went in between is in none of them, and a new row that was updated is new', async () => {
  const after = base()
    .log(v(4), rows(3, 7))
    .log(v(5), deleted([rowId(3, 0), 2]), updated(rowId(3, 5)));
  expect((await mainOf(after))!.rows).toEqual({ added: 5, updated: 0, deleted: 0 });
});

test('nothing new is no change, and a compaction alone moves only the head', async () => {
  expect(await mainOf(base())).toBeUndefined();
  const after = base().log(v(4, 'o00000001'), column(1, 'id'), rows(30, 15));
  expect(await mainOf(after)).toMatchObject({
    headBefore: v(3),
    headAfter: v(4, 'o00000001'),
    commits: 0,
    rows: { added: 0, updated: 0, deleted: 0 },
  });
});

test('a heavy compaction gives rows other ids, and what is done to these later counts as before', async () => {
  const heavy = {
    heavyRemap: {
      m: [
        [rowId(1, 0), 10, rowId(9, 0)],
        [rowId(2, 0), 5, rowId(9, 10)],
        [rowId(3, 0), 4, rowId(9, 15)],
      ],
      s: [1, 2, 3],
    },
  };
  const before = base().log(v(4), rows(3, 4));
  const after = base()
    .log(v(4), rows(3, 4))
    .log(v(5), updated(rowId(1, 1)))
    .log(v(6, 'u05f5e0ff'), rows(9, 19), heavy)
    .log(v(7), deleted(rowId(9, 1)), updated(rowId(9, 11)));
  expect((await mainOf(after, before))!.rows).toEqual({ added: 0, updated: 1, deleted: 1 });
  expect((await mainOf(after))!.rows).toEqual({ added: 4, updated: 1, deleted: 1 });
});

test('a heavy compaction of some blocks leaves what was done to the others', async () => {
  const heavy = { heavyRemap: { m: [[rowId(1, 0), 10, rowId(9, 0)]], s: [1] } };
  const after = base()
    .log(v(4), rows(3, 4))
    .log(v(5), updated(rowId(1, 1)), updated(rowId(2, 0)), deleted(rowId(2, 1)))
    .log(v(6, 'u05f5e0ff'), rows(9, 10), heavy)
    .log(v(7), updated(rowId(9, 1)), updated(rowId(9, 2)), deleted(rowId(3, 0)));
  expect((await mainOf(after))!.rows).toEqual({ added: 3, updated: 3, deleted: 1 });
});

test('rows that a heavy compaction does not say a new place of are counted all the same', async () => {
  const heavy = { heavyRemap: { m: [], s: [1, 2, 3] } };
  const after = base()
    .log(v(4), rows(3, 4))
    .log(v(5), updated(rowId(1, 1)), deleted(rowId(2, 1)))
    .log(v(6, 'u05f5e0ff'), rows(9, 18), heavy);
  expect((await mainOf(after))!.rows).toEqual({ added: 4, updated: 1, deleted: 1 });
});

test('a revert takes back what it undoes', async () => {
  const before = base()
    .log(v(4), rows(3, 7))
    .log(v(5), deleted(rowId(1, 0)));
  const after = base()
    .log(v(4), rows(3, 7))
    .log(v(5), deleted(rowId(1, 0)))
    .log(v(6, 'w00000003'))
    .log(v(7), rows(4, 2));
  expect(await mainOf(after, before)).toMatchObject({ commits: 2, undone: 2, rows: { added: 3, updated: 0, deleted: 7 } });
});

test('a merge brings the rows of the branch, which were there before on another one', async () => {
  const branched = () =>
    base()
      .meta(v(2), branch(SIDE, 'side', v(3)))
      .logOf(SIDE, v(1), rows(11, 6));
  const merged = { mergeBranch: { source: { branch: SIDE, version: v(1) }, destination: { branch: MAIN, version: v(4) } } };
  const { branches } = await diff(branched().view, branched().log(v(4)).meta(v(3), merged).view);
  expect(branches).toEqual([expect.objectContaining({ name: 'main', commits: 2, rows: { added: 6, updated: 0, deleted: 0 } })]);
});

test('columns by their ids: added, renamed and dropped, with the names that they had', async () => {
  const after = base()
    .log(v(4), { renameColumn: { i: 2, n: 'body' } }, column(3, 'new'), column(4, 'brief'))
    .log(v(5), { renameColumn: { i: 3, n: 'newer' } }, { dropColumn: { i: 4 } }, { dropColumn: { i: 1 } });
  expect((await mainOf(after))!.columns).toEqual({ added: ['newer'], renamed: [{ from: 'text', to: 'body' }], dropped: ['id'] });
});

test('branches and tags: added, removed, renamed', async () => {
  const before = base().meta(v(2), tag('t1', 'one', v(2)), tag('t2', 'two', v(2)), branch(SIDE, 'side', v(2)));
  const after = base()
    .meta(v(2), tag('t1', 'one', v(2)), tag('t2', 'two', v(2)), branch(SIDE, 'side', v(2)))
    .meta(v(3), { deleteTag: { id: 't1', branch_id: MAIN } }, { renameTag: { id: 't2', name: 'zwei' } }, tag('t3', 'three', v(3)))
    .meta(v(4), { deleteBranch: { id: SIDE } }, branch('3'.repeat(32), 'third', v(3)))
    .logOf('3'.repeat(32), v(1), rows(20, 3));
  const { branches, tags } = await diff(before.view, after.view);
  expect(branches.map(({ name, change, rows: r }) => [name, change, r?.added])).toEqual([
    ['side', 'removed', undefined],
    ['third', 'added', 3],
  ]);
  expect(tags.map(({ name, change, renamedFrom }) => [name, change, renamedFrom])).toEqual([
    ['one', 'removed', undefined],
    ['three', 'added', undefined],
    ['zwei', 'renamed', 'two'],
  ]);
});

test('another data set under the name is told as replaced', async () => {
  const other = base();
  other.view.editText('_deeplake_log/_meta/0000000001c00000000.jsonl', (text) => text.replace('"x"', '"y"'));
  expect(await diff(base().view, other.view)).toMatchObject({ replaced: true, branches: [] });
});

test('a log that cannot be read makes the counts inexact, and only logs that differ are read', async () => {
  const after = base().log(v(4), rows(3, 7)).view;
  after.reads.length = 0;
  expect((await diff(base().view, after)).exact).toBe(true);
  expect(after.reads.map(({ path }) => path.slice(-25))).toEqual([
    expect.stringContaining(v(1, 'c00000000')),
    expect.stringContaining(v(4)),
  ]);
  after.write(`_deeplake_log/${MAIN}/${v(4)}.jsonl`, '{');
  expect(await diff(base().view, after)).toMatchObject({ exact: false, notes: [expect.stringContaining('cannot be read')] });
});

test('any two versions of the real client’s data set: the rows before, plus and minus what is told, are the rows after', async () => {
  const full = await MemoryView.of(new FolderView(join(await unpackFixture('gen-v4-full'), 'ds')));
  const versions = (await inspectDataset(full)).versions.filter(({ branch: name }) => name === 'main');
  const captures = await Promise.all(
    versions.map(async (version) => editedView(full, await cutToVersion(full, 'v4', { version: `main:${version.version}` }))),
  );
  let pairs = 0;
  for (let i = 0; i < versions.length; i++)
    for (let j = 0; j < versions.length; j += 2) {
      const { branches } = await diff(captures[i]!, captures[j]!);
      const { added = 0, deleted: gone = 0 } = branches.find(({ name }) => name === 'main')?.rows ?? {};
      expect([i, j, versions[i]!.rows + added - gone]).toEqual([i, j, versions[j]!.rows]);
      pairs++;
    }
  expect(pairs).toBeGreaterThan(100);
});

test('the steps of a real data set are told one by one', async () => {
  const folder = await unpackFixture('gen-v4-series');
  const steps = readdirSync(folder)
    .filter((name) => /^\d/.test(name))
    .sort();
  const told = [];
  for (const [i, step] of steps.slice(1).entries()) {
    const { branches, tags } = await diff(new FolderView(join(folder, steps[i]!)), new FolderView(join(folder, step)));
    told.push([
      step.slice(0, 1),
      branches.find(({ name }) => name === 'main')?.rows,
      branches.flatMap(({ name, change }) => (change === 'added' ? name : [])),
      tags.length,
    ]);
  }
  expect(told).toEqual([
    ['1', { added: 100, updated: 0, deleted: 0 }, [], 0],
    ['2', { added: 0, updated: 10, deleted: 0 }, [], 0],
    ['3', { added: 0, updated: 0, deleted: 10 }, [], 0],
    ['4', { added: 0, updated: 0, deleted: 0 }, [], 0],
    ['5', expect.anything(), [expect.any(String)], 1],
  ]);
});
