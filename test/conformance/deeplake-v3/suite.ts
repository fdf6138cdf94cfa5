import { deepStrictEqual, ok } from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspectDataset, repairOnRestore } from '@dr/deeplake';
import { restored as repaired } from '../../../libs/deeplake/src/testing/apply-repair.ts';
import { COMPLETE_V3, FIXTURES, removeTestFolders, unpackFixture } from '../../../libs/deeplake/src/testing/fixtures.ts';
import { FolderView } from '../../../libs/deeplake/src/testing/folder-view.ts';
import { MemoryView } from '../../../libs/deeplake/src/testing/memory-view.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { backUpAndRestore, differences, read, restoreCut } from '../client-suite/round-trip.ts';
import { snapshotAndRestore } from '../client-suite/snapshot-trip.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

interface Dump {
  branches: Record<string, string>;
  commits: Record<
    string,
    { branch: string; message: string | null; rows: number; tensors: Record<string, number>; visible: string[]; values?: object }
  >;
}

const HERE = join(ROOT, 'test/conformance/deeplake-v3');

/** Every commit of every branch that the client knows has the rows, tensor by tensor, that we read. */
async function readsAlike(folder: string, dump: Dump): Promise<void> {
  const report = await read(folder);
  deepStrictEqual(report.findings, []);
  deepStrictEqual(Object.fromEntries(report.branches.map((b) => [b.name, b.headVersion])), dump.branches);
  const ours = report.versions.map(({ version, branch, message, rows, tensorRows, columns }) => [
    version,
    { branch, message: message ?? null, rows, tensors: { ...tensorRows }, visible: [...columns].sort() },
  ]);
  const theirs = Object.entries(dump.commits).map(([id, { branch, message, rows, tensors, visible }]) => [
    id,
    { branch, message, rows, tensors, visible },
  ]);
  deepStrictEqual(Object.fromEntries(ours), Object.fromEntries(theirs));
}

/** @returns where the set was restored. */
async function roundTrip(suite: Suite, client: PythonClient, name: string, source: string): Promise<string> {
  let target = '';
  const dump = (await client.call('dump', source)) as Dump;
  await suite.case(`${name}: we read every commit as the client does`, () => readsAlike(source, dump));
  const restored = await suite.case(`${name}: backed up, verified and restored byte for byte`, async () => {
    target = await backUpAndRestore(source, join(suite.folder, name));
    deepStrictEqual(await differences(source, target, 'v3'), []);
  });
  if (!restored) return target;
  await suite.case(`${name}: the client sees the same rows, values, commits and branches in the restored set`, async () => {
    deepStrictEqual(await client.call('dump', target), dump);
  });
  return target;
}

/** A head that was torn and one that the client reset are the same, file by file, but for the name of its folder. */
async function resetAlike(suite: Suite, client: PythonClient, source: string): Promise<void> {
  const work = join(suite.folder, 'reset');
  await cp(source, work, { recursive: true });
  const torn = await MemoryView.of(new FolderView(source));
  const head = (await inspectDataset(torn)).headVersion!;
  torn.edit(`versions/${head}/id/chunks_index/unsharded`, (bytes) => bytes.subarray(0, 20));
  const ours = repaired(torn, await repairOnRestore(torn, await inspectDataset(torn)), 'v3');
  const { head: fresh } = (await client.call('reset', work)) as { head: string };
  const theirs = await MemoryView.of(new FolderView(work));
  deepStrictEqual(filesBelow(ours, head), filesBelow(theirs, fresh));
  const target = join(suite.folder, 'repaired');
  for (const [path, bytes] of ours.files) await put(join(target, path), bytes);
  const [a, b] = [(await client.call('dump', target)) as Dump, (await client.call('dump', work)) as Dump];
  deepStrictEqual(a.commits[head], b.commits[fresh]);
  ok(a.commits[head]!.rows > 0);
}

/** Deep Lake forgets the new head's `commit_info.json`; ours is there, so that the tree can be rebuilt. */
function filesBelow({ files }: MemoryView, commit: string): [string, string][] {
  const own = [...files].filter(([path]) => path.startsWith(`versions/${commit}/`) && !/commit_info.json$|.lock$/.test(path));
  return own
    .map(([path, bytes]): [string, string] => [path.slice(`versions/${commit}/`.length), Buffer.from(bytes).toString('hex')])
    .sort();
}

/** Every commit and branch restored alone, and as of the moment of each commit: the client finds the same rows and values, and goes on writing. */
async function cutAlike(suite: Suite, client: PythonClient, source: string, work: string): Promise<void> {
  const whole = (await client.call('dump', source)) as Dump;
  const { commits } = JSON.parse(await readFile(join(source, 'version_control_info.json'), 'utf8')) as {
    commits: Record<string, { commit_time: number | null }>;
  };
  const same = (dump: Dump, commit: string): void => {
    const { branch } = whole.commits[commit]!;
    const values = ({ rows, tensors, visible, values: digests }: Dump['commits'][string]) => ({ rows, tensors, visible, digests });
    deepStrictEqual(values(dump.commits[dump.branches[branch]!]!), values(whole.commits[commit]!));
  };
  for (const name of [...Object.keys(whole.commits), ...Object.keys(whole.branches)])
    await suite.case(`restored as of ${name}`, async () => {
      const folder = await restoreCut(work, ['--version', name]);
      same((await client.call('dump', folder)) as Dump, whole.branches[name] ?? name);
      const { before, after } = (await client.call('append', folder)) as { before: number; after: number };
      deepStrictEqual(after, before + 1);
    });
  for (const [commit, { commit_time: at }] of Object.entries(commits).filter(([id]) => whole.commits[id]?.branch === 'main')) {
    if (at === null) continue;
    await suite.case(`restored as of the moment of ${commit}`, async () => {
      same((await client.call('dump', await restoreCut(work, ['--as-of', new Date(at * 1000).toISOString()]))) as Dump, commit);
    });
  }
}

async function put(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
}

await Suite.run(async (suite) => {
  const client = await PythonClient.open(VENVS, 'deeplake-v3', ['deeplake<4', 'numpy<2'], join(HERE, 'client.py'));
  const written = join(suite.folder, 'source');
  if (await suite.case('the client writes a data set', async () => void (await client.call('write', written)))) {
    await suite.case('a torn head is repaired to what the client’s reset makes of it', () => resetAlike(suite, client, written));
    const copy = await roundTrip(suite, client, 'written', written);
    await suite.case(
      'written: a snapshot restored from the source, and the full that it was promoted to: the client sees the same in both',
      async () => {
        const dump = await client.call('dump', written);
        const { live, promoted, pinned } = await snapshotAndRestore(suite.folder, 'source', join(suite.folder, 'snapshot'));
        ok(pinned.objects > 0);
        for (const folder of [live, promoted]) {
          deepStrictEqual(await differences(written, folder, 'v3'), []);
          deepStrictEqual(await client.call('dump', folder), dump);
        }
      },
    );
    await suite.case('the restored set can be written: one more row, nothing lost', async () => {
      const { before, after } = (await client.call('append', copy)) as { before: number; after: number };
      deepStrictEqual(after, before + 1);
      deepStrictEqual((await read(copy)).findings, []);
    });
    await cutAlike(suite, client, written, join(suite.folder, 'written'));
  }
  for (const [archive, set] of COMPLETE_V3.filter(([archive]) => archive !== 'gen-v3-series'))
    await roundTrip(suite, client, archive, join(await unpackFixture(archive), set));
  await suite.case('expected-v3.json is what the client sees today', async () => {
    const frozen = JSON.parse(await readFile(join(FIXTURES, 'expected-v3.json'), 'utf8')) as { sets: unknown };
    const fresh = (await client.script(join(HERE, 'freeze_v3.py'), [FIXTURES])) as { sets: unknown };
    deepStrictEqual(fresh.sets, frozen.sets);
  });
});
await removeTestFolders();
