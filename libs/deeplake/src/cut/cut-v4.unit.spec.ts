import { join } from 'node:path';
import { inspectDataset } from '../inspect-dataset.ts';
import { restored } from '../testing/apply-repair.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { column, deleted, MAIN, rowId, rows, V4Builder, withFiles } from '../testing/v4-builder.ts';
import { cutToVersion } from './cut-to-version.ts';
import type { VersionWish } from './version-cut.ts';

afterAll(removeTestFolders);

const SIDE = '2'.repeat(32);
const v = (base: number, rest = 'm00000000') => `${String(base).padStart(10, '0')}${rest}`;
const branch = (id: string, name: string, version: string, parent = MAIN) => ({ createBranch: { id, name, parent, version } });
const tag = (name: string, branchId: string, version: string) => ({ createTag: { id: name, name, branch_id: branchId, version } });
const merge = (from: string, into: string) => ({
  mergeBranch: { source: { branch: SIDE, version: from }, destination: { branch: MAIN, version: into } },
});

/** Cuts, restores and checks. */
async function cut(view: MemoryView, wish: VersionWish) {
  const plan = await cutToVersion(view, 'v4', wish);
  const after = restored(view, plan, 'v4');
  const report = await inspectDataset(after, { format: 'v4' });
  expect(report.findings.filter(({ severity }) => severity !== 'info')).toEqual([]);
  const counters = [...after.files.keys()].filter((path) => path.endsWith('next_base'));
  expect(plan.size).toEqual({ objects: report.files.count - counters.length, bytes: report.files.bytes - 8 * counters.length });
  return { plan, after, report, tags: report.tags.map(({ name }) => name), branches: report.branches.map(({ name }) => name) };
}

/** Without the counters, which a capture leaves out. */
function captured(builder: V4Builder): MemoryView {
  return withFiles(builder);
}

const base = () =>
  new V4Builder()
    .log(v(1), column(1))
    .log(v(2), rows(1, 10))
    .log(v(3), rows(2, 5))
    .log(v(4), deleted(rowId(1, 0)))
    .meta(v(2), tag('first', MAIN, v(2)), tag('last', MAIN, v(4)));

test('every version of the fixture can be restored alone, with the rows and columns that it had, and what is left of the others reads as before', async () => {
  const full = await MemoryView.of(new FolderView(join(await unpackFixture('gen-v4-full'), 'ds')));
  for (const path of [...full.files.keys()]) if (/next_base$|\.lock$/.test(path)) full.files.delete(path);
  const whole = await inspectDataset(full);
  expect(whole.versions.length).toBeGreaterThan(14);
  const known = new Map(whole.versions.map((version) => [`${version.branch} ${version.version}`, version]));
  for (const wanted of whole.versions) {
    const { report, plan } = await cut(full, { version: `${wanted.branch}:${wanted.version}` });
    const head = report.branches.find(({ name }) => name === wanted.branch)!;
    expect([head.headVersion, head.rows, plan.version.rows]).toEqual([wanted.version, wanted.rows, wanted.rows]);
    for (const version of report.versions) expect(version).toEqual(known.get(`${version.branch} ${version.version}`));
  }
});

test('later commits go with the files and the tags that only they need', async () => {
  const { plan, after, report, tags } = await cut(captured(base()), { version: v(2) });
  expect([report.rows, report.headVersion, tags]).toEqual([10, v(2), ['first']]);
  expect(after.files.has('col1/1')).toBe(true);
  expect(after.files.has('col1/2')).toBe(false);
  expect(plan.cutOff).toMatchObject({ versions: 2, tags: ['last'], branches: [], files: 3 });
  expect(plan.notes).toEqual([expect.objectContaining({ code: 'R7', severity: 'info', message: expect.stringContaining('10 rows') })]);
});

test('a meta file that named a left-out version is written anew with the rest of what it said, or goes at the end of the log', async () => {
  const { after, plan } = await cut(captured(base().meta(v(3), tag('again', MAIN, v(4)))), { version: v(3) });
  const text = after.text(`_deeplake_log/_meta/${v(2)}.jsonl`);
  expect(text).toContain('"first"');
  expect(text).not.toContain('"last"');
  expect(after.files.has(`_deeplake_log/_meta/${v(3)}.jsonl`)).toBe(false);
  expect(plan.write).toHaveLength(1);
});

test('a meta file in the middle keeps its number as an empty commit', async () => {
  const builder = base()
    .meta(v(3), tag('gone', MAIN, v(4)))
    .meta(v(4), tag('kept', MAIN, v(1)));
  const { after, tags } = await cut(captured(builder), { version: v(2) });
  expect(
    after
      .text(`_deeplake_log/_meta/${v(3)}.jsonl`)
      .trimEnd()
      .split('\n'),
  ).toHaveLength(1);
  expect(tags.sort()).toEqual(['first', 'kept']);
});

describe('branches', () => {
  const branched = () =>
    base()
      .meta(v(3), branch(SIDE, 'side', v(3)))
      .logOf(SIDE, v(1), rows(11, 7))
      .logOf(SIDE, v(2), rows(12, 3));

  test('the version of a branch brings its parent up to the birth, and no further', async () => {
    const { report } = await cut(captured(branched()), { version: 'side' });
    expect(report.branches.map(({ name, rows: n, headVersion }) => [name, n, headVersion])).toEqual([
      ['main', 15, v(3)],
      ['side', 25, v(2)],
    ]);
  });

  test('a version of main leaves branches out that it does not need', async () => {
    const { branches, after } = await cut(captured(branched()), { version: 'main' });
    expect(branches).toEqual(['main']);
    expect([...after.files.keys()].filter((path) => path.includes(SIDE) || path === 'col1/11')).toEqual([]);
  });

  test('what was merged before the version stays, up to where it was merged', async () => {
    const builder = branched()
      .log(v(5))
      .meta(v(4), merge(v(1), v(5)))
      .log(v(6), rows(20, 1));
    const { report, branches } = await cut(captured(builder), { version: `main:${v(5)}` });
    expect([report.rows, branches]).toEqual([21, ['main', 'side']]);
    expect(report.branches.find(({ name }) => name === 'side')!.headVersion).toBe(v(1));
    const before = await cut(captured(builder), { version: v(4) });
    expect([before.report.rows, before.branches]).toEqual([14, ['main']]);
  });

  test('a branch without commits of its own is its birthplace', async () => {
    const { report, plan } = await cut(captured(base().meta(v(3), branch(SIDE, 'side', v(2)))), { version: 'side' });
    expect(report.branches.map(({ name, rows: n }) => [name, n])).toEqual([
      ['main', 10],
      ['side', 10],
    ]);
    expect(plan.version).toMatchObject({ branch: 'side', version: v(2), rows: 10 });
  });
});

test('a compaction after the version goes, and the commits that it replaced count again', async () => {
  const builder = base().log(v(4, 'o00000002'), rows(30, 14));
  expect((await cut(captured(builder), { version: v(3) })).report.rows).toBe(15);
  const { report, after } = await cut(captured(builder), { version: v(4, 'o00000002') });
  expect([report.rows, after.files.has('col1/1')]).toEqual([14, true]);
});

test('a version before a revert has the commits that it took away', async () => {
  const builder = base().log(v(5, 'w00000002'));
  expect((await cut(captured(builder), { version: 'main' })).report.rows).toBe(10);
  expect((await cut(captured(builder), { version: v(4) })).report.rows).toBe(14);
});

test('inserts that no commit holds belong to the head alone', async () => {
  const wal = '_deeplake_wal/main/0000000001700000_0000000a_1.wal';
  const view = captured(base());
  view.write(wal, new Uint8Array(32));
  const kept = async (version: string) => !(await cutToVersion(view, 'v4', { version })).leaveOut.has(wal);
  expect([await kept('main'), await kept(v(2))]).toEqual([true, false]);
});

describe('what cannot be cut is refused', () => {
  test('an unknown name, with the nearest that exist', async () => {
    const error = await cutToVersion(captured(base()), 'v4', { version: 'frist' }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'restore.version_unknown', versions: expect.arrayContaining(['first', 'last', 'main', v(1)]) });
    expect((error as { versions: string[] }).versions[0]).toBe('first');
    expect((error as Error).message).toContain('"frist". There are first, last');
  });

  test('a version that several branches have, until one is named', async () => {
    const view = captured(
      base()
        .meta(v(3), branch(SIDE, 'side', v(3)))
        .logOf(SIDE, v(1), rows(11, 7)),
    );
    await expect(cutToVersion(view, 'v4', { version: v(1) })).rejects.toMatchObject({ versions: [`main:${v(1)}`, `side:${v(1)}`] });
    expect((await cutToVersion(view, 'v4', { version: `side:${v(1)}` })).version).toMatchObject({ branch: 'side', rows: 22 });
  });

  test('a version whose files the source had cleaned up', async () => {
    const builder = new V4Builder().log(v(1), column(1)).log(v(2), rows(1, 10)).log(v(3), rows(2, 5));
    const view = captured(builder.log(v(4, 'o00000001'), column(1), rows(30, 14)));
    view.files.delete('col1/1');
    await expect(cutToVersion(view, 'v4', { version: v(3) })).rejects.toMatchObject({
      code: 'restore.version_not_possible',
      message: expect.stringContaining('col1/1'),
    });
  });
});

describe('as of a moment', () => {
  /** Every log file was written `number` seconds after 1970, the meta log's half a second later. */
  class Timed extends MemoryView {
    override async *list() {
      for await (const page of super.list())
        yield page.map((file) => {
          const base = Number(/\/(\d{10})[a-z]/.exec(file.path)?.[1] ?? 0);
          return { ...file, mtimeNs: BigInt(base * 1000 + (file.path.includes('_meta') && base > 1 ? 500 : 0)) * 1_000_000n };
        });
    }
  }
  const timed = (builder: V4Builder): Timed => {
    const view = new Timed();
    for (const [path, bytes] of captured(builder).files) view.files.set(path, bytes);
    return view;
  };

  test.each([
    [1_000, 0, []],
    [2_499, 10, []],
    [3_000, 15, ['first']],
    [9_000, 14, ['first', 'last']],
  ])('%i ms: %i rows, tags %j', async (asOfMs, count, tags) => {
    const found = await cut(timed(base()), { asOfMs });
    expect([found.report.rows, found.tags]).toEqual([count, tags]);
  });

  test('a branch that was made later is not there, and one that had no commit yet is empty', async () => {
    const view = timed(
      base()
        .meta(v(3), branch(SIDE, 'side', v(2)))
        .logOf(SIDE, v(4), rows(11, 7)),
    );
    expect((await cut(view, { asOfMs: 3_499 })).branches).toEqual(['main']);
    const { report } = await cut(view, { asOfMs: 3_600 });
    expect(report.branches.map(({ name, rows: n }) => [name, n])).toEqual([
      ['main', 15],
      ['side', 10],
    ]);
  });

  test('before the data set was made its history does not reach back', async () => {
    await expect(cutToVersion(timed(base()), 'v4', { asOfMs: 999 })).rejects.toMatchObject({
      code: 'restore.version_not_reached',
      beginsAtMs: 1_000,
    });
  });
});
