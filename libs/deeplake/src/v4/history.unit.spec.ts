import type { DatasetReport } from '../report.ts';
import { column, deleted, MAIN, rowId, rows, V4Builder, withFiles } from '../testing/v4-builder.ts';
import { inspectV4 } from './inspect-v4.ts';

const SIDE = '2'.repeat(32);
const THIRD = '3'.repeat(32);
const v = (base: number, rest = 'm00000000') => `${String(base).padStart(10, '0')}${rest}`;
const branch = (id: string, name: string, version: string, parent = MAIN) => ({ createBranch: { id, name, parent, version } });
const tag = (name: string, branchId: string, version: string) => ({ createTag: { id: name, name, branch_id: branchId, version } });
const merge = (source: string, from: string, into: string, to = MAIN) => ({
  mergeBranch: { source: { branch: source, version: from }, destination: { branch: to, version: into } },
});

async function inspect(builder: V4Builder): Promise<DatasetReport> {
  const report = await inspectV4(withFiles(builder));
  expect(report.findings.filter((f) => f.severity !== 'info' && f.code !== 'T9')).toEqual([]);
  return report;
}

const rowsAt = (report: DatasetReport, name = 'main') => report.versions.filter((x) => x.branch === name).map((x) => x.rows);
const base = () => new V4Builder().log(v(1), column(1)).log(v(2), rows(1, 10)).log(v(3), rows(2, 5));

test('appends add up, deletes count distinct rows only', async () => {
  const report = await inspect(
    base()
      .log(v(4), deleted(rowId(1, 3), [rowId(1, 2), 4]))
      .log(v(5), deleted([rowId(1, 5), 2])),
  );
  expect(rowsAt(report)).toEqual([0, 10, 15, 11, 10]);
});

test('a branch sees its parent up to its birth, and nothing after', async () => {
  const builder = base()
    .meta(v(2), branch(SIDE, 'side', v(2)))
    .logOf(SIDE, v(1), rows(9, 7));
  const report = await inspect(builder);
  expect(report.branches.map((b) => [b.name, b.rows, b.headVersion])).toEqual([
    ['main', 15, v(3)],
    ['side', 17, v(1)],
  ]);
});

test('a branch without own commits is at the version it was born from; a branch of it sees the same', async () => {
  const builder = base().meta(v(2), branch(SIDE, 'side', v(2)), branch(THIRD, 'third', v(2), SIDE));
  const report = await inspect(builder);
  expect(report.branches.map((b) => [b.name, b.rows, b.headVersion])).toEqual([
    ['main', 15, v(3)],
    ['side', 10, v(2)],
    ['third', 10, v(2)],
  ]);
});

test('a tag may name a version of an ancestor, or the birth', async () => {
  const builder = base().meta(v(2), branch(SIDE, 'side', v(3)), tag('old', SIDE, v(2)), tag('birth', MAIN, '0000000000v00000000'));
  const report = await inspect(builder);
  expect(report.tags.map((t) => [t.name, t.branch, t.rows])).toEqual([
    ['old', 'side', 10],
    ['birth', 'main', 0],
  ]);
});

test('a merge puts the commits of the other branch before its own, also when that branch was deleted since', async () => {
  const builder = base()
    .meta(v(2), branch(SIDE, 'side', v(3)), merge(SIDE, v(1), v(4)), { deleteBranch: { id: SIDE } })
    .logOf(SIDE, v(1), rows(9, 7))
    .logOf(SIDE, v(2), rows(10, 100))
    .log(v(4));
  const report = await inspect(builder);
  expect(rowsAt(report)).toEqual([0, 10, 15, 22]);
  expect(report.branches.map((b) => b.name)).toEqual(['main']);
});

describe('merges of merges, as Deep Lake 4.7.4 shows them', () => {
  /** main: 10 rows; side, born from it: 2; inner, born from side: 3. */
  const three = () =>
    new V4Builder()
      .log(v(1), column(1))
      .log(v(2), rows(1, 10))
      .meta(v(2), branch(SIDE, 'side', v(2)))
      .logOf(SIDE, v(1), rows(20, 2))
      .meta(v(3), branch(THIRD, 'inner', v(1), SIDE))
      .logOf(THIRD, v(1), rows(30, 3));

  test('a merged branch brings what was merged into it', async () => {
    const builder = three()
      .logOf(SIDE, v(2))
      .meta(v(4), merge(THIRD, v(1), v(2), SIDE))
      .logOf(SIDE, v(3), rows(21, 1));
    const report = await inspect(builder.log(v(3)).meta(v(5), merge(SIDE, v(3), v(3))));
    expect([rowsAt(report), rowsAt(report, 'side')]).toEqual([
      [0, 10, 16],
      [12, 15, 16],
    ]);
  });

  test('a grandchild brings the commits of its parent that it was born from', async () => {
    const report = await inspect(
      three()
        .log(v(3))
        .meta(v(4), merge(THIRD, v(1), v(3))),
    );
    expect(rowsAt(report)).toEqual([0, 10, 15]);
  });

  test('a branch that is merged twice brings the second time only what is new', async () => {
    const builder = three()
      .log(v(3))
      .meta(v(4), merge(SIDE, v(1), v(3)))
      .logOf(SIDE, v(2), rows(21, 1), deleted(rowId(20, 0)));
    const report = await inspect(builder.log(v(4)).meta(v(5), merge(SIDE, v(2), v(4))));
    expect(rowsAt(report)).toEqual([0, 10, 12, 12]);
  });

  test('a merge does not undo what the target did to common commits, compacted or not', async () => {
    const rename = { renameColumn: { i: 1, n: 'renamed' } };
    const builder = three()
      .log(v(3), rename)
      .log(v(3, 'o00000001'), column(1), rows(1, 10), rename)
      .log(v(4))
      .meta(v(4), merge(SIDE, v(1), v(4)));
    const report = await inspect(builder);
    expect(report.versions.find((x) => x.branch === 'main' && x.version === v(4))).toMatchObject({ rows: 12, columns: ['renamed'] });
  });

  test('files that only a nested merge brings are live, also when their branches are deleted', async () => {
    const builder = three()
      .logOf(SIDE, v(2))
      .meta(v(4), merge(THIRD, v(1), v(2), SIDE))
      .log(v(3))
      .meta(v(5), merge(SIDE, v(2), v(3)));
    const view = withFiles(builder.meta(v(6), { deleteBranch: { id: SIDE } }, { deleteBranch: { id: THIRD } }));
    view.files.delete('col1/30');
    expect((await inspectV4(view)).findings.map((f) => `${f.code} ${f.severity}`)).toEqual(['D1 error']);
  });

  test('branches merged into each other in a circle do not loop', async () => {
    const builder = three().meta(v(4), merge(THIRD, v(1), v(1), SIDE), merge(SIDE, v(1), v(1), THIRD));
    expect((await inspect(builder)).branches.map((b) => b.rows)).toEqual([10, 15, 15]);
  });
});

test('a revert kills what lies between; commits after it count on', async () => {
  const builder = base().log(v(4), rows(3, 100)).log(v(5, 'w00000002')).log(v(6), rows(4, 1));
  expect(rowsAt(await inspect(builder))).toEqual([0, 10, 15, 115, 10, 11]);
});

test('a compaction replaces its range, the wider one wins, and changes no count', async () => {
  const builder = base()
    .log(v(3, 'o00000002'), rows(1, 10), rows(2, 5))
    .log(v(4), deleted(rowId(2, 0)))
    .log(v(4, 'o00000001'), column(1), rows(1, 10), rows(2, 5), deleted(rowId(2, 0)))
    .log(v(5), rows(3, 1));
  const report = await inspect(builder);
  expect(report.versions.map((x) => `${x.version.slice(9, 11)}=${x.rows}`)).toEqual([
    '1m=0',
    '2m=10',
    '3m=15',
    '3o=15',
    '4m=14',
    '4o=14',
    '5m=15',
  ]);
  expect(report.rows).toBe(15);
});

test('a compaction claim is no commit', async () => {
  const report = await inspect(base().log(v(3, 'o00000000')));
  expect(rowsAt(report)).toEqual([0, 10, 15]);
  expect(report.findings.map((f) => f.code)).toEqual(['T11']);
});

test('heavy compaction forgets the blocks it replaces, with their deletions', async () => {
  const builder = base()
    .log(v(4), deleted(rowId(1, 0)))
    .log(v(4, 'u05f5e0ff'), rows(50, 14), { heavyRemap: { m: [], s: [1, 2] } });
  expect(rowsAt(await inspect(builder))).toEqual([0, 10, 15, 14, 14]);
});

test('a heavy compaction of a compacted range comes after it and counts', async () => {
  const builder = base()
    .log(v(3, 'o00000001'), column(1), rows(1, 10), rows(2, 5))
    .log(v(3, 'u05f5e0ff'), column(2), rows(50, 15), { heavyRemap: { m: [], s: [1, 2] } })
    .log(v(5), deleted(rowId(50, 0)));
  const report = await inspect(builder);
  expect([rowsAt(report), report.versions.at(-1)?.columns]).toEqual([
    [0, 10, 15, 15, 15, 14],
    ['c1', 'c2'],
  ]);
});

test('columns follow creations, renames and drops', async () => {
  const builder = base()
    .log(v(4), column(2, 'b'), { renameColumn: { i: 1, n: 'first' } })
    .log(v(5), { dropColumn: { i: 2 } });
  const report = await inspect(builder);
  expect(report.versions.map((x) => x.columns)).toEqual([['c1'], ['c1'], ['c1'], ['first', 'b'], ['first']]);
});

test('branches that are each other’s parents, which only damage makes, do not loop', async () => {
  const builder = base()
    .meta(v(2), branch(SIDE, 'side', v(1), THIRD), branch(THIRD, 'third', v(1), SIDE))
    .logOf(SIDE, v(1), rows(9, 7));
  const report = await inspectV4(withFiles(builder));
  expect(report.branches.map((b) => b.name)).toEqual(['main', 'side', 'third']);
});

test('a data set without any commit is at its birth', async () => {
  expect(await inspect(new V4Builder())).toMatchObject({ headVersion: '0000000000v00000000', rows: 0, versions: [] });
});

test('a long line of versions is described in one pass', async () => {
  const builder = new V4Builder().log(v(1), column(1));
  for (let i = 2; i <= 2000; i++) builder.log(v(i), rows(i, 1), ...(i % 3 === 0 ? [deleted(rowId(i, 0))] : []));
  const started = performance.now();
  const report = await inspect(builder);
  expect(report.versions).toHaveLength(2000);
  expect(report.rows).toBe(1999 - 666);
  expect(performance.now() - started).toBeLessThan(5000);
});
