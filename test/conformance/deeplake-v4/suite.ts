import { deepStrictEqual, ok } from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTestFolders, unpackFixture } from '../../../libs/deeplake/src/testing/fixtures.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { backUpAndRestore, differences, read, restoreCut } from '../client-suite/round-trip.ts';
import { snapshotAndRestore } from '../client-suite/snapshot-trip.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

interface Point {
  version: string;
  rows: number;
  columns: string[];
}

interface Dump {
  branches: Record<string, Point & { id: string }>;
  tags: Record<string, Point>;
  versions: Record<string, { rows: number; columns: string[]; message: string | null }>;
}

const BIRTH = '0000000000v00000000';

/** Every version of every branch that the client lists has the rows and columns that we read. */
async function readsAlike(folder: string, dump: Dump): Promise<void> {
  const report = await read(folder);
  deepStrictEqual(report.findings, []);
  const point = (p: Point) => ({ version: p.version, rows: p.rows });
  const named = (points: Record<string, Point>) => Object.fromEntries(Object.entries(points).map(([name, p]) => [name, point(p)]));
  deepStrictEqual(Object.fromEntries(report.branches.map((b) => [b.name, { version: b.headVersion, rows: b.rows }])), named(dump.branches));
  deepStrictEqual(Object.fromEntries(report.tags.map((t) => [t.name, point({ ...t, columns: [] })])), named(dump.tags));
  const wanted = Object.entries(dump.versions).filter(([key]) => !key.endsWith(BIRTH));
  ok(wanted.length > 0);
  const ours = new Map(report.versions.map((v) => [`${v.branch} ${v.version}`, { rows: v.rows, columns: v.columns }]));
  for (const [key, { rows, columns }] of wanted) deepStrictEqual([key, ours.get(key)], [key, { rows, columns }]);
}

/** @returns where the set was restored. */
async function roundTrip(suite: Suite, client: PythonClient, name: string, source: string): Promise<string> {
  let target = '';
  const dump = (await client.call('dump', source)) as Dump;
  await suite.case(`${name}: we read every version as the client does`, () => readsAlike(source, dump));
  const restored = await suite.case(`${name}: backed up, verified and restored byte for byte`, async () => {
    target = await backUpAndRestore(source, join(suite.folder, name));
    deepStrictEqual(await differences(source, target, 'v4'), []);
  });
  if (!restored) return target;
  await suite.case(`${name}: the client sees the same rows, values, versions, branches and tags in the restored set`, async () => {
    deepStrictEqual(await client.call('dump', target), dump);
  });
  return target;
}

/** Every third version, every tag and every branch restored alone: the client finds it with its rows, columns and values, and nothing that came later. */
async function cutAlike(suite: Suite, client: PythonClient, source: string, work: string): Promise<void> {
  const whole = (await client.call('dump', source)) as Dump;
  const versions = Object.keys(whole.versions).filter((key) => !key.endsWith(BIRTH));
  for (const key of versions.filter((_, i) => i % 3 === 0)) {
    const [branch, version] = key.split(' ') as [string, string];
    await suite.case(`restored as of ${branch} ${version}`, async () => {
      const dump = (await client.call('dump', await restoreCut(work, ['--version', `${branch}:${version}`]))) as Dump;
      const { rows, columns } = whole.versions[key]!;
      deepStrictEqual(
        [dump.branches[branch]!.version, dump.branches[branch]!.rows, dump.branches[branch]!.columns],
        [version, rows, columns],
      );
      for (const [left, point] of Object.entries(dump.versions)) deepStrictEqual([left, point], [left, whole.versions[left]]);
    });
  }
  for (const [name, wanted] of [...Object.entries(whole.tags), ...Object.entries(whole.branches)])
    await suite.case(`restored as of ${name}: the same values`, async () => {
      const dump = (await client.call('dump', await restoreCut(work, ['--version', name]))) as Dump;
      deepStrictEqual(dump.tags[name] ?? dump.branches[name], wanted);
    });
}

/** The log files of main say when each version was there. */
async function momentsAlike(suite: Suite, client: PythonClient, source: string, work: string): Promise<void> {
  const whole = (await client.call('dump', source)) as Dump;
  const log = join(source, '_deeplake_log', whole.branches['main']!.id);
  const files = (await readdir(log)).filter((name) => /^\d{10}[a-z]/.test(name)).sort();
  for (const name of files.filter((_, i) => i % 5 === 2)) {
    const at = Math.ceil((await stat(join(log, name))).mtimeMs);
    await suite.case(`restored as of the moment of main ${name.slice(0, 19)}`, async () => {
      const dump = (await client.call('dump', await restoreCut(work, ['--as-of', new Date(at).toISOString()]))) as Dump;
      const { version, rows } = dump.branches['main']!;
      deepStrictEqual(rows, whole.versions[`main ${version}`]!.rows);
      ok(version >= name.slice(0, 19));
    });
  }
}

await Suite.run(async (suite) => {
  const client = await PythonClient.open(VENVS, 'deeplake-v4', ['deeplake==4.7.*'], join(ROOT, 'test/conformance/deeplake-v4/client.py'));
  const written = join(suite.folder, 'source');
  if (await suite.case('the client writes a data set', async () => void (await client.call('write', written)))) {
    const restored = await roundTrip(suite, client, 'written', written);
    await suite.case(
      'written: a snapshot restored from the source, and the full that it was promoted to: the client sees the same in both',
      async () => {
        const dump = await client.call('dump', written);
        const { live, promoted, pinned } = await snapshotAndRestore(suite.folder, 'source', join(suite.folder, 'snapshot'));
        ok(pinned.objects > 0);
        for (const folder of [live, promoted]) {
          deepStrictEqual(await differences(written, folder, 'v4'), []);
          deepStrictEqual(await client.call('dump', folder), dump);
        }
      },
    );
    await suite.case('the restored set can be written: one more row, nothing lost', async () => {
      const { before, after } = (await client.call('append', restored)) as { before: number; after: number };
      deepStrictEqual(after, before + 1);
      deepStrictEqual((await read(restored)).findings, []);
    });
    await cutAlike(suite, client, written, join(suite.folder, 'written'));
    await momentsAlike(suite, client, written, join(suite.folder, 'written'));
  }
  await roundTrip(suite, client, 'gen-v4-full', join(await unpackFixture('gen-v4-full'), 'ds'));
  await roundTrip(suite, client, 'gen-v4-series', join(await unpackFixture('gen-v4-series'), '5-branch-tag-compact'));
});
await removeTestFolders();
