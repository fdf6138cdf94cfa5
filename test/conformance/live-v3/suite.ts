import { deepStrictEqual, ok } from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { COUNT, ONLY, SEED } from '../client-suite/live-seed.ts';
import { backUpWhileWriting, isTrouble, type Taken } from '../client-suite/live-writing.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

const REST_SECONDS = 1;

interface Checked {
  branches: Record<string, number>;
  /** Branches whose head is their last commit without work of its own. */
  fresh: number;
}

/** Restores by default and lets the client read every row of every commit, write on, and read again. */
async function restoredWhole(
  client: PythonClient,
  { backup, repository, journal, since, work }: Taken,
  how: 'heads' | 'commits',
): Promise<Checked> {
  const { folder, findings, report } = await repository.restore(backup, join(work, 'default'));
  deepStrictEqual(
    [report.findings.filter(({ severity }) => severity === 'error'), findings.filter(({ severity }) => severity === 'error')],
    [[], []],
  );
  const checked = (await client.ask(['check', folder, journal, String(since), how])) as Checked;
  deepStrictEqual(Object.fromEntries(report.branches.map((b) => [b.name, b.rows])), checked.branches);
  return checked;
}

/** A writer that rests: the copy is a state that the writer had, uncommitted rows included. */
async function judgeRested(client: PythonClient, taken: Taken): Promise<void> {
  const { status, record } = taken.backup;
  deepStrictEqual([status, record.findings.filter(isTrouble)], ['completed', []]);
  await restoredWhole(client, taken, 'heads');
}

/** A writer that never rests: the backup says that it is torn and gives each torn branch as of its last commit, or (by luck) it is whole. */
async function judgeRestless(client: PythonClient, taken: Taken): Promise<void> {
  const { backup, repository, work } = taken;
  const checked = await restoredWhole(client, taken, backup.status === 'completed' ? 'heads' : 'commits');
  if (backup.status === 'completed') return;
  ok(backup.record.findings.some((f) => f.severity === 'error'));
  ok(checked.fresh > 0, 'no branch was set back to its last commit');
  const asCaptured = await repository.restore(backup, join(work, 'as-captured'), true);
  deepStrictEqual(await sizesOf(asCaptured.folder), await repository.sizesOf(backup));
}

async function sizesOf(folder: string): Promise<Map<string, number>> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(await Promise.all(paths.map(async (path) => [relative(folder, path), (await stat(path)).size] as const)));
}

await Suite.run(async (suite) => {
  console.log(`seed ${SEED}, ${COUNT} backups each`);
  const client = await PythonClient.open(VENVS, 'deeplake-v3', ['deeplake<4', 'numpy<2'], join(ROOT, 'test/conformance/live-v3/client.py'));
  const cases = [
    { name: 'v3 rested', rest: REST_SECONDS, judge: judgeRested },
    { name: 'v3 restless', rest: 0, judge: judgeRestless },
  ];
  for (const { name, rest, judge } of cases.filter(({ name }) => name.includes(ONLY)))
    await backUpWhileWriting(suite, { name, format: 'v3', client, writerArgs: [String(rest)], judge: (taken) => judge(client, taken) });
});
