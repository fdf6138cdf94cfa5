import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDir } from '../../../test/support/servers.ts';
import { type PostgresData, untilPredecessorIsGone } from './embedded-postgres.ts';

function dataOf(pidFile?: string): PostgresData {
  const folder = freshDir('postgres');
  mkdirSync(join(folder, 'data'));
  if (pidFile !== undefined) writeFileSync(join(folder, 'data', 'postmaster.pid'), pidFile);
  return { folder, native: '', as: { wrap: (command, args) => [command, args] } };
}

async function waitedMs(data: PostgresData, waitMsMax: number): Promise<number> {
  const begun = performance.now();
  await untilPredecessorIsGone(data, waitMsMax);
  return performance.now() - begun;
}

test('without a predecessor, or with one that is gone, the start does not wait', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(await waitedMs(dataOf(), 5_000)).toBeLessThan(1_000);
  expect(await waitedMs(dataOf(`${child.pid}\n/data\n`), 5_000)).toBeLessThan(1_000);
  expect(await waitedMs(dataOf('damaged'), 5_000)).toBeLessThan(1_000);
});

test('one that is still ending is waited for; one that does not end, for so long only', async () => {
  const child = spawn('sleep', ['0.3']);
  await once(child, 'spawn');
  expect(await waitedMs(dataOf(`${child.pid}\n`), 20_000)).toBeLessThan(15_000);
  expect(child.exitCode).toBe(0);
  expect(await waitedMs(dataOf(`${process.pid}\n`), 100)).toBeGreaterThanOrEqual(75);
});
