import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isGone, workerIdentity } from './worker-identity.ts';

test('we are alive, and our name says what, where and who', () => {
  expect(workerIdentity('archiver')).toMatch(new RegExp(`^archiver@.+:${process.pid}:\\d+:\\w+x\\d+$`));
  expect(isGone(workerIdentity('archiver'))).toBe(false);
});

test('a process that was killed is gone', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const identity = workerIdentity('archiver', child.pid!);
  expect(isGone(identity)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isGone(identity)).toBe(true);
});

test('another process with the same pid is not it', () => {
  expect(isGone(workerIdentity('archiver').replace(/x\d+$/, 'x1'))).toBe(true);
});

test.each([
  ['another machine', (name: string) => name.replace(/@[^:]+/, '@elsewhere')],
  ['another pid namespace', (name: string) => name.replace(/:\d+:(\w+x\d+)$/, ':1:$1')],
  ['a name of another kind', () => 'archiver@host:12'],
  ['an unknown start', (name: string) => name.replace(/\w+x\d+$/, 'unknown')],
])('of %s nothing is known, so it is not gone', (_, change) => {
  const dead = workerIdentity('archiver').replace(/x\d+$/, 'x1');
  expect(isGone(change(dead))).toBe(false);
});
