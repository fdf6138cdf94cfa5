import { join } from 'node:path';
import { inspectDataset } from '../inspect-dataset.ts';
import { restored } from '../testing/apply-repair.ts';
import { removeTestFolders, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { FIRST_COMMIT } from '../v3/paths.ts';
import { cutToVersion } from './cut-to-version.ts';
import { composed, editedView } from './edited-view.ts';
import type { VersionWish } from './version-cut.ts';

let full: MemoryView;
let uncommitted: MemoryView;
beforeAll(async () => {
  full = await MemoryView.of(new FolderView(await unpackFixture('gen-v3-full')));
  uncommitted = await MemoryView.of(new FolderView(join(await unpackFixture('gen-v3-series'), '1-300-rows-in-place-append')));
});
afterAll(removeTestFolders);

const SECOND = '844c9091';
const ON_EXP = '7edc87bc';
const MERGE = '14fb6ef7';
const HEAD = '731f7e2c8596353a1a14ec0d025abd177656d944';
const RENAMED_AT = 1795384909.437522;

/** Cuts, restores and checks: chunks that nobody refers to (W3) and saved views apart, nothing may be found. */
async function cut(view: MemoryView, wish: VersionWish) {
  const plan = await cutToVersion(view, 'v3', wish);
  const after = restored(view, plan, 'v3');
  const report = await inspectDataset(after, { format: 'v3', deep: true });
  expect(report.findings).toEqual([]);
  expect(plan.size).toEqual({ objects: report.files.count, bytes: report.files.bytes });
  const at = (version: string) => report.versions.find((known) => known.version === version)!;
  return { plan, after, report, branches: report.branches.map(({ name }) => name).sort(), at };
}

test('every commit and every head can be restored alone, with the rows of every tensor that it had', async () => {
  const whole = await inspectDataset(full, { format: 'v3' });
  expect(whole.versions).toHaveLength(7);
  for (const wanted of whole.versions) {
    const { report, plan, at } = await cut(full, { version: wanted.version });
    const head = report.branches.find(({ name }) => name === wanted.branch)!;
    expect([plan.version.version, plan.version.rows, head.rows]).toEqual([wanted.version, wanted.rows, wanted.rows]);
    expect([at(wanted.version), at(head.headVersion).tensorRows]).toEqual([wanted, wanted.tensorRows]);
  }
});

test('a cut to a commit leaves out later ones, other branches and uncommitted work; heads keep their ids', async () => {
  const { report, branches, plan, after } = await cut(full, { version: SECOND });
  expect(branches).toEqual(['main']);
  expect(report.branches[0]!.headVersion).toBe(HEAD);
  expect(plan.cutOff).toMatchObject({ versions: 3, branches: ['exp'] });
  expect(plan.cutOff.files).toBeGreaterThan(50);
  expect([...after.files.keys()].filter((path) => /^versions\/(7edc|d737|1336|14fb)/.test(path))).toEqual([]);
  expect(after.files.size).toBeLessThan(full.files.size - 50);
});

test('chunks of a left-out branch that a merge names stay, and nothing else of it', async () => {
  const { after, branches } = await cut(full, { version: MERGE });
  const left = [...after.files.keys()].filter((path) => path.startsWith(`versions/${ON_EXP}`));
  expect(branches).toEqual(['main']);
  expect(left.length).toBeGreaterThan(0);
  expect(left.filter((path) => !path.includes('/chunks/'))).toEqual([]);
});

test('a version of a branch brings main up to where it began', async () => {
  const { report, branches } = await cut(full, { version: ON_EXP });
  const [main, exp] = ['main', 'exp'].map((name) => report.branches.find((b) => b.name === name)!);
  expect(branches).toEqual(['exp', 'main']);
  const second = report.versions.find(({ version }) => version.startsWith(SECOND))!;
  expect([main!.rows, exp!.rows > main!.rows]).toEqual([second.rows, true]);
});

test('saved views of versions that are left out go, with their list', async () => {
  const { after } = await cut(full, { version: SECOND });
  expect([after.text('queries.json'), [...after.files.keys()].some((path) => path.startsWith('.queries/'))]).toEqual(['[]', false]);
  const kept = await cut(full, { version: MERGE });
  expect(kept.after.text('queries.json')).toBe(full.text('queries.json'));
});

describe('as of a moment', () => {
  test('commits of all branches until then stay; what was not committed goes', async () => {
    const { branches, plan, report } = await cut(full, { asOfMs: Math.floor(RENAMED_AT * 1000) });
    expect(branches).toEqual(['exp', 'main']);
    expect(plan.version).toMatchObject({ branch: 'main', message: 'renamed' });
    expect(report.versions.filter(({ committedAtMs }) => committedAtMs !== undefined)).toHaveLength(4);
    expect(plan.notes[0]!.message).toContain('and what was not committed are left out');
  });

  test('a millisecond earlier the commit is not there, nor a branch without a commit by then', async () => {
    expect((await cut(full, { asOfMs: Math.floor(RENAMED_AT * 1000) - 1 })).plan.version.message).toBe(
      'twenty more, three updates, one pop',
    );
    expect((await cut(full, { asOfMs: 1_795_384_909_240 })).branches).toEqual(['main']);
  });

  test('before the first commit its history does not reach back; never committed, it has none', async () => {
    await expect(cutToVersion(full, 'v3', { asOfMs: 1_795_384_909_000 })).rejects.toMatchObject({ code: 'restore.version_not_reached' });
    await expect(cutToVersion(uncommitted, 'v3', { asOfMs: 9e12 })).rejects.toMatchObject({
      code: 'restore.version_not_possible',
      message: expect.stringContaining('never committed'),
    });
  });
});

test('the branch of a set that was never committed is what was captured', async () => {
  const { plan } = await cut(uncommitted, { version: 'main' });
  expect([plan.leaveOut.size - plan.write.length, plan.version.rows]).toEqual([0, 300]);
});

test('an unknown name is refused with the nearest that exist', async () => {
  await expect(cutToVersion(full, 'v3', { version: 'mian' })).rejects.toMatchObject({
    code: 'restore.version_unknown',
    versions: expect.arrayContaining(['main', 'exp', FIRST_COMMIT]),
    message: expect.stringContaining('There is no commit or branch "mian". There are main, exp'),
  });
  await expect(cutToVersion(full, 'v3', { version: '844c' })).rejects.toMatchObject({ code: 'restore.version_unknown' });
});

test('an unknown layout has no versions', async () => {
  await expect(cutToVersion(full, 'opaque', { version: 'main' })).rejects.toMatchObject({ code: 'restore.version_not_possible' });
});

test('a cut is planned on what a repair makes of a data set, and both are one edit of it', async () => {
  const repair = { leaveOut: new Set(['commit_info.json']), write: [{ path: 'x/new', content: new Uint8Array([1, 2, 3]) }], notes: [] };
  const view = editedView(full, repair);
  await expect(view.read('commit_info.json')).rejects.toThrow('left out');
  expect([...(await view.read('x/new', { start: 1, end: 3 }))]).toEqual([2, 3]);
  const listed: string[] = [];
  for await (const page of view.list()) listed.push(...page.map(({ path }) => path));
  expect([listed.includes('commit_info.json'), listed.includes('x/new')]).toEqual([false, true]);
  const second = { leaveOut: new Set(['x/new']), write: [{ path: 'y', content: new Uint8Array(1) }], notes: [] };
  const both = composed(repair, second);
  expect([[...both.leaveOut], both.write.map(({ path }) => path)]).toEqual([['commit_info.json', 'x/new'], ['y']]);
});
