/** Commands as real processes: what they write, how they end, and that nothing of them outlives us. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { freshDir } from '../../../../test/support/servers.ts';
import { isRunning } from '../testing/is-running.ts';
import { until } from '../testing/test-house.ts';
import { type CommandRun, runCommand } from './run-command.ts';

const run = (script: string, more: Partial<CommandRun> = {}) =>
  runCommand({ command: ['sh', '-c', script], env: process.env, about: {}, signal: new AbortController().signal, ...more });

function collecting() {
  const parts: Buffer[] = [];
  const output = async (stdout: Readable) => {
    for await (const part of stdout) parts.push(part as Buffer);
  };
  return { output, bytes: () => Buffer.concat(parts) };
}

test('all that it writes is taken, also what a child writes after its own end', async () => {
  const { output, bytes } = collecting();
  expect(await run('head -c 3000000 /dev/zero; (sleep 0.2; echo late) &', { output })).toMatchObject({ ok: true, said: '' });
  expect(bytes().length).toBe(3_000_005);
});

test('a reader who has had enough ends the command, and its error is thrown', async () => {
  const output = async (stdout: Readable) => {
    for await (const _ of stdout) throw new Error('too much');
  };
  await expect(run('yes', { output })).rejects.toThrow('too much');
});

test('what it says on its way down is told, and what it read was the input', async () => {
  const { output, bytes } = collecting();
  const end = await run('cat; echo "cannot  connect" >&2; exit 4', { output, input: 'facts' });
  expect(end).toEqual({ ok: false, how: 'it ended with exit code 4', said: 'cannot connect' });
  expect(bytes().toString()).toBe('facts');
});

test('a command that was not begun is not begun when nobody wants it any more', async () => {
  await expect(run('exit 0', { signal: AbortSignal.abort(new Error('stopping')) })).rejects.toThrow('stopping');
});

test('nothing is left of a command that has ended: no companion, no child that closed its descriptors', async () => {
  const file = join(freshDir('command'), 'pid');
  expect((await run(`sleep 60 >/dev/null 2>&1 & echo $! > ${file}`)).ok).toBe(true);
  const pid = Number(readFileSync(file, 'utf8'));
  await until(() => !isRunning(pid), 'the end of the child');
});

test('kill -9 of who runs it ends the command and its children', async () => {
  const file = join(freshDir('command'), 'pids');
  const module = fileURLToPath(new URL('./run-command.ts', import.meta.url));
  const script = `sleep 600 & echo $$ $! > ${file}.new; mv ${file}.new ${file}; wait`;
  const code = `const { runCommand } = await import(${JSON.stringify(module)});
    await runCommand({ command: ['sh', '-c', ${JSON.stringify(script)}], env: process.env, about: {}, signal: new AbortController().signal });`;
  const runner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
  try {
    const pids = await until(() => pidsIn(file), 'the command to run');
    expect(pids.every(isRunning)).toBe(true);
    runner.kill('SIGKILL');
    await until(() => !pids.some(isRunning), 'the end of the command and its child');
  } finally {
    runner.kill('SIGKILL');
  }
});

function pidsIn(file: string): number[] | undefined {
  try {
    return readFileSync(file, 'utf8').trim().split(' ').map(Number);
  } catch {
    return undefined;
  }
}
