import { appendFile, mkdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import { PlanAlreadyRead } from '../errors.ts';
import { inspectDataset } from '../inspect-dataset.ts';
import { compareRule } from '../restore/restore-rules.ts';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import { FolderView } from '../testing/folder-view.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { planCapture } from './plan-capture.ts';
import type { PlannedFile } from './planned-file.ts';

afterAll(removeTestFolders);

const NOW = Date.UTC(2030, 0, 1);
const MINUTE = 60_000;

interface Plan {
  format: string;
  files: PlannedFile[];
  paths: string[];
  skipped: { path: string; reason: string }[];
}

/** What stands at the end, in the order in which it was read first. */
async function plan(root: string, sleep: () => Promise<void> = async () => {}, now = () => NOW): Promise<Plan> {
  const { format, files, notes } = await planCapture(await openSourceFolder(root), { now, sleep });
  const last = new Map<string, PlannedFile>();
  for await (const page of files) for (const file of page) last.set(file.path, file);
  const all = [...last.values()].filter(({ kind }) => kind !== 'gone');
  const skipped = [...notes.skipped].map(([path, reason]) => ({ path, reason }));
  return { format, files: all, paths: all.filter((f) => f.kind === 'file').map((f) => f.path), skipped };
}

async function put(root: string, path: string, content: string | Uint8Array, ageMinutes = 0): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
  const seconds = (NOW - ageMinutes * MINUTE) / 1000;
  await utimes(join(root, path), seconds, seconds);
}

async function pathsOf(root: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const page of new FolderView(root).list()) paths.push(...page.map((f) => f.path));
  return paths.sort();
}

const positionOf = (paths: string[], pattern: RegExp) => paths.map((p, i) => (pattern.test(p) ? i : -1)).filter((i) => i >= 0);
const chunkerOf = ({ files }: Plan, path: string) => files.find((f) => f.path === path)?.chunker;

describe('every format', () => {
  test.each([
    ['gen-v4-full', 'ds'],
    ['gen-v4-series', '5-branch-tag-compact'],
    ['gen-v3-full', ''],
    ['gen-v3-series', '5-branch-exp-plus-40'],
    ['v3-tiny', ''],
    ['lol', ''],
    ['hub-v1-same-shapes', ''],
  ])('%s %s: each file that takes part in "byte for byte" is planned once, the rest is skipped with a reason', async (archive, set) => {
    const root = join(await unpackFixture(archive), set);
    const { format, paths, skipped } = await plan(root);
    const all = await pathsOf(root);
    expect([...paths].sort()).toEqual(all.filter((p) => compareRule(p, format as 'v4')));
    expect(skipped.map((s) => s.path).sort()).toEqual(all.filter((p) => !compareRule(p, format as 'v4')));
  });

  test('what is planned is a whole data set: a copy of it has no finding', async () => {
    const root = join(await unpackFixture('gen-v4-full'), 'ds');
    const { paths } = await plan(root);
    const [source, copy] = [new FolderView(root), new MemoryView()];
    for (const path of paths) copy.write(path, await source.read(path));
    expect((await inspectDataset(copy, { deep: true })).findings).toEqual([]);
  });

  test('folders and links are planned as such, with mode and times', async () => {
    const root = await testFolder();
    await put(root, 'sub/a', 'x');
    await symlink('/etc/passwd', join(root, 'link'));
    const { files } = await plan(root);
    expect(files.map((f) => [f.path, f.kind, f.linkTarget])).toEqual([
      ['link', 'symlink', '/etc/passwd'],
      ['sub', 'dir', undefined],
      ['sub/a', 'file', undefined],
    ]);
    expect(files[2]).toMatchObject({ size: 1, mtimeNs: BigInt(NOW) * 1_000_000n });
  });

  test.each([
    ['gen-v4-full', 'ds', 1],
    ['gen-v3-series', '5-branch-exp-plus-40', 2],
    ['hub-v1-same-shapes', '', 1],
  ])('%s %s: empty pages are barriers between stages, and there are no others', async (archive, set, barriers) => {
    const { files } = await planCapture(await openSourceFolder(join(await unpackFixture(archive), set)), { now: () => NOW });
    let empty = 0;
    for await (const page of files) empty += page.length === 0 ? 1 : 0;
    expect(empty).toBe(barriers);
  });

  test('a plan is read once', async () => {
    const root = await testFolder();
    const { files } = await planCapture(await openSourceFolder(root), { now: () => NOW });
    for await (const _page of files);
    expect(() => files[Symbol.asyncIterator]()).toThrow(PlanAlreadyRead);
  });
});

describe('v4', () => {
  const ds = async () => join(await unpackFixture('gen-v4-full'), 'ds');

  test('insert log, meta log, branch logs, then data', async () => {
    const root = await ds();
    await put(root, '_deeplake_wal/main/0000000000000001_00000005_1.wal', 'x');
    await put(root, '0early/aa/0123456789abcdefghijklm', 'x', 60);
    const { paths } = await plan(root);
    const [wal, meta, logs] = [/^_deeplake_wal/, /^_deeplake_log\/_meta\//, /^_deeplake_log\/[0-9a-f]{32}\//].map((p) =>
      positionOf(paths, p),
    );
    const data = positionOf(paths, /^[^_]/);
    expect(wal!.at(-1)!).toBeLessThan(meta![0]!);
    expect(meta!.at(-1)!).toBeLessThan(logs![0]!);
    expect(logs!.at(-1)!).toBeLessThan(data[0]!);
    expect(data.length).toBeGreaterThan(30);
  });

  test('locks, counters, temporary files, claims and trash are skipped', async () => {
    const root = await ds();
    const main = '_deeplake_log/2f1a2cf8011bad510410611b0be32ef3';
    for (const path of [`${main}/next_base.tmp.1.a.2`, `${main}/0000000015o00000000.jsonl`, '_deeplake_gc_trash/x', 'vacuum.lock'])
      await put(root, path, '', 60);
    const { skipped } = await plan(root);
    const reasons = Object.fromEntries(skipped.map((s) => [s.path, s.reason]));
    expect(reasons).toMatchObject({
      [`${main}/next_base.tmp.1.a.2`]: 'temporary',
      [`${main}/0000000015o00000000.jsonl`]: 'claim',
      [`${main}/next_base`]: 'counter',
      [`${main}/next_base.lock`]: 'lock',
      '_deeplake_gc_trash/x': 'gc-trash',
      'vacuum.lock': 'lock',
    });
  });

  test('a data file that no log names is left out for ten minutes, then kept; unknown names are always kept', async () => {
    const root = await ds();
    await put(root, 'avk5kx/zz/0123456789abcdefghijyng', 'x', 9);
    await put(root, 'avk5kx/zz/0123456789abcdefghijold', 'x', 11);
    await put(root, 'notes.txt', 'x', 0);
    const { paths, skipped } = await plan(root);
    expect(skipped).toContainEqual({ path: 'avk5kx/zz/0123456789abcdefghijyng', reason: 'young-orphan' });
    expect(paths).toEqual(expect.arrayContaining(['avk5kx/zz/0123456789abcdefghijold', 'notes.txt']));
  });

  test('named data files are kept however young they are', async () => {
    const root = await ds();
    const named = (await pathsOf(root)).filter((p) => /^[0-9a-z]+\//.test(p));
    for (const path of named) await utimes(join(root, path), NOW / 1000, NOW / 1000);
    const { paths } = await plan(root);
    expect(paths).toEqual(expect.arrayContaining(named));
  });

  test('a log file that is being written is read again; while it stays unreadable nothing young is left out', async () => {
    const root = await ds();
    const half = '_deeplake_log/2f1a2cf8011bad510410611b0be32ef3/0000000015m00000000.jsonl';
    await put(root, half, '{"commit":{}}');
    await put(root, 'avk5kx/zz/0123456789abcdefghijyng', 'x', 1);
    let waits = 0;
    const stuck = await plan(root, async () => void waits++);
    expect([waits, stuck.paths.includes('avk5kx/zz/0123456789abcdefghijyng')]).toEqual([100, true]);
    const finished = await plan(root, async () => appendFile(join(root, half), '\n'));
    expect(finished.skipped.map((s) => s.reason)).toContain('young-orphan');
  });

  test('raw files are cut behind their header, packed ones at their blocks, the rest at 4 MiB', async () => {
    const found = await plan(await ds());
    expect(chunkerOf(found, 'a5sdug/wf/por5ywf384a9ukx0puhm5oc')).toEqual({ name: 'fixed', version: 1, size: 4 * 1024 * 1024, from: 31 });
    expect(chunkerOf(found, 'avk5kx/r7/o7pm0l9w1x89t3as42gv5vk')).toEqual({ name: 'fixed', version: 1, size: 4 * 1024 * 1024, from: 0 });
    const root = await testFolder();
    const block = (fo: number[], fl: number[]) => ({
      addBlock: {
        d: {
          p: fo.map(() => ''),
          b: fo.map(() => 30),
          n: fo.map(() => 1),
          h: fo.map(() => 5),
          x: 'c/aa/packed',
          f: { t: '1', d: {} },
          fo,
          fl,
        },
        c: 1,
        b: 1,
      },
    });
    const lines = (...ops: object[]) => [{ commit: {} }, ...ops].map((l) => `${JSON.stringify(l)}\n`).join('');
    await put(
      root,
      '_deeplake_log/_meta/0000000001c00000000.jsonl',
      lines({ setId: { id: 'x' } }, { createBranch: { id: 'ab', name: 'main' } }),
    );
    await put(root, '_deeplake_log/ab/0000000001m00000000.jsonl', lines(block([0, 600], [600, 80]), block([680, 700], [20, 1300])));
    await put(root, 'c/aa/packed', 'x'.repeat(2000));
    expect(chunkerOf(await plan(root), 'c/aa/packed')).toEqual({ name: 'cuts', version: 1, cuts: [5, 600, 700, 705] });
  });
});

describe('v3', () => {
  test('settled commits first, the heads’ closed chunks, the burst of what a flush rewrites, the tree last', async () => {
    const { paths } = await plan(join(await unpackFixture('gen-v3-series'), '5-branch-exp-plus-40'));
    const [main, exp] = ['86728e3c1bccfae936a0c6282733f19dbc418fe4', 'b9f26879cbdf78af8fbd54d88b9918cb956afc25'];
    const heads = positionOf(paths, new RegExp(`versions/(${main}|${exp})/`));
    const settled = paths.map((_p, i) => i).filter((i) => !heads.includes(i) && paths[i] !== 'version_control_info.json');
    expect(Math.max(...settled)).toBeLessThan(heads[0]!);
    expect(paths.at(-1)).toBe('version_control_info.json');
  });

  test('on a set that was never committed the last chunk of a tensor comes with the small files', async () => {
    const { paths } = await plan(join(await unpackFixture('gen-v3-series'), '1-300-rows-in-place-append'));
    const chunks = positionOf(paths, /^embedding\/chunks\//);
    expect(chunks.length).toBeGreaterThan(1);
    const small = positionOf(paths, /tensor_meta.json$/);
    expect(chunks[0]!).toBeLessThan(small[0]!);
    expect(chunks.at(-1)!).toBeGreaterThan(small.at(-1)!);
    expect(positionOf(paths, /^dataset_meta.json$/)[0]!).toBeGreaterThan(chunks.at(-1)!);
    expect(paths.at(-1)).toBe('version_control_info.json');
  });

  test('locks are skipped at any depth, the application’s file comes last of all', async () => {
    const root = await unpackFixture('v3-tiny');
    for (const path of ['dataset_lock.lock', 'versions/a/dataset_lock.lock', 'dataset_metadata.json']) await put(root, path, '{}');
    const { paths, skipped } = await plan(root);
    expect(skipped.map((s) => [s.path, s.reason])).toEqual([
      ['dataset_lock.lock', 'lock'],
      ['versions/a/dataset_lock.lock', 'lock'],
    ]);
    expect(paths.slice(-2)).toEqual(['version_control_info.json', 'dataset_metadata.json']);
  });

  test('a big chunk is cut behind its header, which the engine finds; small ones and other files from their beginning', async () => {
    const root = await unpackFixture('v3-tiny');
    for (const [path, bytes] of [
      ['text/chunks/ab', 100_000],
      ['text/chunks/ac', 60_000],
      ['notes.bin', 100_000],
    ] as const)
      await put(root, path, new Uint8Array(bytes));
    const found = await plan(root);
    expect(chunkerOf(found, 'text/chunks/ab')).toEqual({ name: 'v3-chunk', version: 1, size: 1024 * 1024 });
    for (const path of ['text/chunks/ac', 'notes.bin'])
      expect(chunkerOf(found, path)).toEqual({ name: 'fixed', version: 1, size: 1024 * 1024, from: 0 });
  });

  test('a tree that does not parse does not stop the plan', async () => {
    const root = await unpackFixture('v3-tiny');
    await put(root, 'version_control_info.json', '{');
    const known = (await pathsOf(root)).filter((p) => compareRule(p, 'v3'));
    expect((await plan(root)).paths.sort()).toEqual(known);
  });
});
