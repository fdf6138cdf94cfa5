import { deepStrictEqual, ok } from 'node:assert/strict';
import { join } from 'node:path';
import { removeTestFolders, unpackFixture } from '../../../libs/deeplake/src/testing/fixtures.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { backUpAndRestore, differences, read } from '../client-suite/round-trip.ts';
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
  }
  await roundTrip(suite, client, 'gen-v4-full', join(await unpackFixture('gen-v4-full'), 'ds'));
  await roundTrip(suite, client, 'gen-v4-series', join(await unpackFixture('gen-v4-series'), '5-branch-tag-compact'));
});
await removeTestFolders();
