import { deepStrictEqual } from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMPLETE_V3, FIXTURES, removeTestFolders, unpackFixture } from '../../../libs/deeplake/src/testing/fixtures.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { backUpAndRestore, differences, read } from '../client-suite/round-trip.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

interface Dump {
  branches: Record<string, string>;
  commits: Record<string, { branch: string; message: string | null; rows: number; tensors: Record<string, number>; visible: string[] }>;
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

await Suite.run(async (suite) => {
  const client = await PythonClient.open(VENVS, 'deeplake-v3', ['deeplake<4', 'numpy<2'], join(HERE, 'client.py'));
  const written = join(suite.folder, 'source');
  if (await suite.case('the client writes a data set', async () => void (await client.call('write', written)))) {
    const restored = await roundTrip(suite, client, 'written', written);
    await suite.case('the restored set can be written: one more row, nothing lost', async () => {
      const { before, after } = (await client.call('append', restored)) as { before: number; after: number };
      deepStrictEqual(after, before + 1);
      deepStrictEqual((await read(restored)).findings, []);
    });
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
