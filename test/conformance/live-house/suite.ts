import { deepStrictEqual, ok } from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { RunningHouse } from '../../e2e/support/running-house.ts';
import { COUNT, SEED } from '../client-suite/live-seed.ts';
import { linesOf, untilWritten } from '../client-suite/live-writing.ts';
import { PythonClient, type RunningWriter } from '../client-suite/python-client.ts';
import { ROOT, Suite, VENVS } from '../client-suite/suite.ts';

interface Dataset {
  dataset_id: string;
  status: string;
  findings: { code: string; severity: string }[];
}

interface Live {
  readonly id: string;
  readonly client: PythonClient;
  readonly writerArgs: readonly string[];
  readonly status: 'completed' | 'any';
  /** What `client.py check DIR JOURNAL SINCE` gets besides. */
  readonly how: (status: string) => readonly string[];
}

const TENANT = 'live';
const BACKUPS = Math.ceil(COUNT / 2);

/** Three data sets of one tenant, each with its own client at work. */
async function livesOf(): Promise<Live[]> {
  const v4 = await PythonClient.open(VENVS, 'deeplake-v4', ['deeplake==4.7.*'], join(ROOT, 'test/conformance/live-v4/client.py'));
  const v3 = await PythonClient.open(VENVS, 'deeplake-v3', ['deeplake<4', 'numpy<2'], join(ROOT, 'test/conformance/live-v3/client.py'));
  const heads = (status: string) => [status === 'completed' ? 'heads' : 'commits'];
  return [
    { id: 'v4', client: v4, writerArgs: [], status: 'completed', how: () => [] },
    { id: 'rested', client: v3, writerArgs: ['1'], status: 'completed', how: heads },
    { id: 'restless', client: v3, writerArgs: ['0'], status: 'any', how: heads },
  ];
}

async function start(house: RunningHouse, lives: readonly Live[], journalOf: (id: string) => string, stack: AsyncDisposableStack) {
  const source = join(house.source, TENANT);
  await mkdir(source, { recursive: true });
  const writers: RunningWriter[] = [];
  for (const { id, client, writerArgs } of lives) {
    const writer = client.start([join(source, id), journalOf(id), String(SEED), ...writerArgs]);
    stack.defer(() => writer.kill());
    writers.push(writer);
    await untilWritten(journalOf(id), 3, writer);
  }
  return writers;
}

interface Taken {
  backup: { backup_id: string; status: string; datasets: Dataset[] };
  since: number[];
}

async function backUp(house: RunningHouse, lives: readonly Live[], journalOf: (id: string) => string): Promise<Taken> {
  const since = await Promise.all(lives.map(({ id }) => linesOf(journalOf(id))));
  return { since, backup: await house.run<Taken['backup']>('/api/v1/backups', { tenant_id: TENANT, type: 'full' }) };
}

/** What the backup says of each data set, and what the client finds in it once it is restored by default. */
async function judge(
  house: RunningHouse,
  lives: readonly Live[],
  journalOf: (id: string) => string,
  { backup, since }: Taken,
): Promise<void> {
  const statusOf = (id: string) => backup.datasets.find(({ dataset_id }) => dataset_id === id)!;
  const torn = lives.filter(({ id }) => statusOf(id).status !== 'completed');
  deepStrictEqual(
    torn.filter(({ status }) => status === 'completed').map(({ id }) => statusOf(id)),
    [],
  );
  for (const { id } of torn) ok(statusOf(id).findings.some(({ severity }) => severity === 'error'));
  deepStrictEqual(backup.status, torn.length === 0 ? 'completed' : 'partial');
  const target = `restored-${backup.backup_id}`;
  const restore = await house.run(`/api/v1/backups/${backup.backup_id}/restore`, { target_tenant: target });
  deepStrictEqual(restore.status, torn.length === 0 ? 'completed' : 'partial');
  for (const [i, { id, client, how }] of lives.entries())
    await client.ask(['check', join(house.source, target, id), journalOf(id), String(since[i]), ...how(statusOf(id).status)]);
}

await Suite.run(async (suite) => {
  console.log(`seed ${SEED}, ${BACKUPS} backups of three data sets`);
  const lives = await livesOf();
  process.env['DR_TEST_SERVERS'] ??= suite.folder;
  await using stack = new AsyncDisposableStack();
  const house = await RunningHouse.start();
  stack.defer(() => house.stop());
  const journalOf = (id: string) => join(suite.folder, `${id}.journal`);
  const writers = await start(house, lives, journalOf, stack);
  const all: Taken[] = [];
  while (all.length < BACKUPS) all.push(await backUp(house, lives, journalOf));
  for (const writer of writers) await writer.stop();
  for (const [i, taken] of all.entries())
    await suite.case(`through the house, seed ${SEED}, backup ${i + 1}: ${taken.backup.status}`, () =>
      judge(house, lives, journalOf, taken),
    );
});
