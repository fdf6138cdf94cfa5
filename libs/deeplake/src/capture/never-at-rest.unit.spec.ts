/** A v3 writer that never lets a capture come to rest: what the copy's tree calls committed is whole nevertheless, and a restore gives it. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openSourceFolder } from '@dr/storage';
import { inspectDataset } from '../inspect-dataset.ts';
import { repairOnRestore } from '../restore/repair-on-restore.ts';
import { restored } from '../testing/apply-repair.ts';
import { removeTestFolders, testFolder, unpackFixture } from '../testing/fixtures.ts';
import type { MemoryView } from '../testing/memory-view.ts';
import { apply, copyOf, filesOf, v3Rank, watched, writesBetween } from '../testing/simulated-writer.ts';
import { commitOf } from '../v3/paths.ts';
import { planCapture } from './plan-capture.ts';

afterAll(removeTestFolders);

let steps: string;
beforeAll(async () => {
  steps = await unpackFixture('gen-v3-series');
});

const W4 = { format: 'v3', code: 'W4', severity: 'error', path: '', message: 'never at rest' } as const;

/** One round only; the writer does all that leads from one step of the series to another at call `at` of the capture. */
async function captureOnce(from: string, to: string, at: number) {
  const root = await testFolder();
  await cp(from, root, { recursive: true, preserveTimestamps: true });
  const writes = writesBetween(from, to, v3Rank);
  let calls = 0;
  const step = () => {
    if (calls++ === at) for (const write of writes) apply(root, write);
  };
  const folder = watched(await openSourceFolder(root), step);
  const { files, notes } = await planCapture(folder, { now: () => Date.now(), limits: { roundsMax: 1, timeMsMax: 0 } });
  return { copy: await copyOf(files, root, step), notes, calls: () => calls };
}

const moments = (calls: number) => Array.from({ length: 13 }, (_, i) => Math.floor((i * calls) / 12));

type Tree = { commits: Record<string, { commit_time: number | null }> };

/** Files of the commits that a tree calls finished. */
function committedFiles(tree: Tree, paths: Iterable<string>): string[] {
  const done = Object.entries(tree.commits).flatMap(([id, { commit_time }]) => (commit_time === null ? [] : [id]));
  return [...paths].filter((path) => path.includes('/') && done.includes(commitOf(path)) && !path.endsWith('commit_info.json'));
}

test.each([
  ['0-first-150-rows', '2-after-commit'],
  ['2-after-commit', '5-branch-exp-plus-40'],
])(
  'from %s to %s',
  async (before, after) => {
    const [from, to] = [join(steps, before), join(steps, after)];
    const final = filesOf(to);
    const { calls } = await captureOnce(from, to, Number.POSITIVE_INFINITY);
    const seen = new Set<number>();
    for (const at of moments(calls())) {
      const { copy, notes } = await captureOnce(from, to, at);
      expect(notes.unsettled).toBeDefined();
      const tree = JSON.parse(copy.text('version_control_info.json')) as Tree;
      const committed = committedFiles(tree, final.keys());
      seen.add(committed.length);
      expect([at, committed.filter((path) => !final.get(path)!.equals(copy.files.get(path) ?? Buffer.from('none')))]).toEqual([at, []]);
      await restoresWhole(copy, committed.length > 0);
    }
    expect([...seen].at(0)).toBe(committedFiles(JSON.parse(String(final.get('version_control_info.json'))) as Tree, final.keys()).length);
    expect(seen.size).toBeGreaterThan(1);
  },
  120_000,
);

async function restoresWhole(copy: MemoryView, hasCommits: boolean): Promise<void> {
  const plan = await repairOnRestore(copy, { format: 'v3', findings: [W4] });
  expect(plan.notes.map(({ code }) => code).includes('R2')).toBe(!hasCommits);
  if (!hasCommits) return;
  const { findings } = await inspectDataset(restored(copy, plan, 'v3'), { deep: true });
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
}
