/** Writers at work at every step of a capture: whatever they do and when, the copy is the data set as it was at one moment. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import { inspectDataset } from '../inspect-dataset.ts';
import { compareRule } from '../restore/restore-rules.ts';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import type { MemoryView } from '../testing/memory-view.ts';
import { apply, copyOf, filesOf, v3Rank, v4Rank, type Write, watched, writesBetween } from '../testing/simulated-writer.ts';
import { column, MAIN, rows, V4Builder, withFiles } from '../testing/v4-builder.ts';
import { planCapture } from './plan-capture.ts';
import type { SourceNotes } from './planned-file.ts';

afterAll(removeTestFolders);

interface Seen {
  copy: MemoryView;
  notes: Readonly<SourceNotes>;
  /** Calls of the source and reads of files that the capture made. */
  steps: number;
  root: string;
}

/** Captures a copy of `from`. From step `at` on a writer does `burst` of its writes at each step. */
async function captureWhile(from: string, writes: readonly Write[], at: number, burst: number): Promise<Seen> {
  const root = await testFolder();
  await cp(from, root, { recursive: true, preserveTimestamps: true });
  const left = [...writes];
  let steps = 0;
  const step = () => {
    if (steps++ >= at) for (const write of left.splice(0, burst)) apply(root, write);
  };
  const folder = watched(await openSourceFolder(root), step);
  const { files, notes } = await planCapture(folder, { now: () => Date.now() });
  const copy = await copyOf(files, root, step);
  return { copy, notes, steps, root };
}

const equals = (copy: MemoryView, state: Map<string, Buffer>, format: 'v3' | 'v4' | 'opaque') => {
  const wanted = [...state].filter(([path]) => compareRule(path, format));
  return copy.files.size === wanted.length && wanted.every(([path, bytes]) => bytes.equals(copy.files.get(path) ?? Buffer.from('none')));
};

/** So many moments of a capture, the first and the last among them. */
const moments = (steps: number, count: number) => [
  ...new Set(Array.from({ length: count }, (_, i) => Math.floor((i * steps) / (count - 1)))),
];

async function series(archive: string, before: string, after: string): Promise<[string, string]> {
  const root = await unpackFixture(archive);
  return [join(root, before), join(root, after)];
}

const V3_STEPS = [
  ['0-first-150-rows', '1-300-rows-in-place-append'],
  ['1-300-rows-in-place-append', '2-after-commit'],
  ['3-450-rows-in-new-commit', '4-one-update-one-pop'],
  ['4-one-update-one-pop', '5-branch-exp-plus-40'],
] as const;

describe.each(V3_STEPS)('v3, from %s to %s', (before, after) => {
  test('a flush in the middle of a capture leaves a copy of before or after it, whole', async () => {
    const [from, to] = await series('gen-v3-series', before, after);
    const writes = writesBetween(from, to, v3Rank);
    const { steps } = await captureWhile(from, [], 0, 0);
    for (const at of moments(steps, 5)) {
      const { copy, notes } = await captureWhile(from, writes, at, writes.length);
      expect([at, notes.unsettled, (await inspectDataset(copy)).findings]).toEqual([at, undefined, []]);
      expect(equals(copy, filesOf(from), 'v3') || equals(copy, filesOf(to), 'v3')).toBe(true);
    }
  });

  test('a flush that goes on between all steps of a capture is waited for', async () => {
    const [from, to] = await series('gen-v3-series', before, after);
    const writes = writesBetween(from, to, v3Rank);
    for (const at of [0, 150]) {
      const { copy, notes } = await captureWhile(from, writes, at, 1);
      expect([notes.unsettled, (await inspectDataset(copy)).findings]).toEqual([undefined, []]);
      expect(equals(copy, filesOf(to), 'v3') || (at > 0 && equals(copy, filesOf(from), 'v3'))).toBe(true);
    }
  });
});

const V4_STEPS = [
  ['0-base-600', '1-append-100'],
  ['1-append-100', '2-update-10-texts'],
  ['4-inverted-index', '5-branch-tag-compact'],
] as const;

describe.each(V4_STEPS)('v4, from %s to %s', (before, after) => {
  test.each(['all at once', 'between all steps'])('commits %s leave a copy that every check passes', async (how) => {
    const [from, to] = await series('gen-v4-series', before, after);
    const writes = writesBetween(from, to, v4Rank);
    const { steps } = await captureWhile(from, [], 0, 0);
    const rows = new Set<number>();
    for (const at of moments(steps, 9)) {
      const { copy, notes } = await captureWhile(from, writes, at, how === 'all at once' ? writes.length : 1);
      const report = await inspectDataset(copy, { deep: true });
      expect([at, report.findings.filter(({ severity }) => severity !== 'info'), notes.replaced]).toEqual([at, [], false]);
      rows.add(report.rows);
    }
    const known = await Promise.all([from, to].map(async (root) => (await inspectDataset(await openSourceFolder(root))).rows));
    for (const count of rows) expect(known).toContain(count);
  });
});

test('v4: a merge between two commits, seen at every step, leaves no copy with the later commit and without the merge', async () => {
  const BRANCH = '2'.padStart(32, '0');
  const [version, merged] = ['0000000001m00000000', '0000000002m00000000'];
  const before = new V4Builder()
    .log(version, column(1), rows(1, 10))
    .meta('0000000002m00000000', { createBranch: { id: BRANCH, name: 'side', parent: MAIN, version } })
    .logOf(BRANCH, version, rows(2, 5));
  const [from, to] = [await testFolder(), await testFolder()];
  for (const [path, bytes] of withFiles(before).files) apply(from, { path, bytes });
  const merge = { mergeBranch: { source: { branch: BRANCH, version }, destination: { branch: MAIN, version: merged } } };
  before.log(merged).meta('0000000003m00000000', merge).log('0000000003m00000000', rows(3, 7));
  for (const [path, bytes] of withFiles(before).files) apply(to, { path, bytes });
  const order = ['col', `${MAIN}/0000000002`, '_meta/0000000003', `${MAIN}/0000000003`];
  const writes = writesBetween(from, to, (path) => order.findIndex((part) => path.includes(part)));
  const { steps } = await captureWhile(from, [], 0, 0);
  const seen = new Set<number>();
  for (let at = 0; at <= steps; at += 2) {
    const { copy } = await captureWhile(from, writes, at, 2);
    const report = await inspectDataset(copy);
    expect([at, report.findings.filter(({ severity }) => severity === 'error')]).toEqual([at, []]);
    seen.add(report.rows);
  }
  expect([...seen].filter((count) => ![10, 15, 22].includes(count))).toEqual([]);
  expect(seen.size).toBeGreaterThan(1);
}, 60_000);

test('the simulated writers tear: read in the order of a plain copy, some copies do not pass', async () => {
  const [from, to] = await series('gen-v3-series', V3_STEPS[0][0], V3_STEPS[0][1]);
  const writes = writesBetween(from, to, v3Rank);
  let torn = 0;
  for (let at = 3; at < writes.length; at += 10) {
    const root = await testFolder();
    await cp(from, root, { recursive: true });
    for (const write of writes.slice(0, at)) apply(root, write);
    torn += (await inspectDataset(await openSourceFolder(root))).intact ? 0 : 1;
  }
  expect(torn).toBeGreaterThan(3);
});
