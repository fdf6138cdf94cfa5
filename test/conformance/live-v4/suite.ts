import { deepStrictEqual } from 'node:assert/strict';
import { join } from 'node:path';
import { COUNT, SEED } from '../client-suite/live-seed.ts';
import { backUpWhileWriting, type Taken } from '../client-suite/live-writing.ts';
import { PythonClient } from '../client-suite/python-client.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

interface Checked {
  branches: Record<string, number>;
  tags: number;
}

/** Completed without a word, and the client finds every row of every version right. */
async function judge(client: PythonClient, { backup, repository, journal, since, work }: Taken): Promise<void> {
  const wordsOf = (findings: readonly { severity: string }[]) => findings.filter(({ severity }) => severity !== 'info');
  deepStrictEqual([backup.status, wordsOf(backup.record.findings)], ['completed', []]);
  const { folder, findings, report } = await repository.restore(backup, work);
  deepStrictEqual([wordsOf(report.findings), wordsOf(findings)], [[], []]);
  const checked = (await client.ask(['check', folder, journal, String(since)])) as Checked;
  deepStrictEqual(Object.fromEntries(report.branches.map((b) => [b.name, b.rows])), checked.branches);
  deepStrictEqual(report.tags.length, checked.tags);
}

await Suite.run(async (suite) => {
  console.log(`seed ${SEED}, ${COUNT} backups`);
  const client = await PythonClient.open(VENVS, 'deeplake-v4', ['deeplake==4.7.*'], join(ROOT, 'test/conformance/live-v4/client.py'));
  await backUpWhileWriting(suite, { name: 'v4', format: 'v4', client, writerArgs: [], judge: (taken) => judge(client, taken) });
});
