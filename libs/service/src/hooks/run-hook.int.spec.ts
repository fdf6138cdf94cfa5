/** Hooks as real processes and real requests: what they are told, what they may see, and every way in which they can fail. */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freshDir } from '../../../../test/support/servers.ts';
import { isRunning } from '../testing/is-running.ts';
import { until } from '../testing/test-house.ts';
import { runHook } from './run-hook.ts';

const facts = { restore_id: 'restore_1', datasets: [{ from: 'a', to: 'b', status: 'completed' }] };
const about = { DR_TARGET_TENANT: 'copy' };
const env = {
  PATH: process.env['PATH'],
  BACKUP_PASSPHRASE: 'sesame',
  DATABASE_URL: 'postgres://u:p@h/d',
  AWS_SECRET_ACCESS_KEY: 'k',
  DR_API_KEY: 'x',
};
const run = (hook: Parameters<typeof runHook>[0], signal = new AbortController().signal) => runHook(hook, { facts, about, env, signal });
const sh = (script: string, more: object = {}) => ({ command: ['sh', '-c', script], ...more });

test('a command gets the facts on its input and an environment without secrets', async () => {
  const folder = freshDir('hook');
  expect(await run(sh(`cat > ${folder}/facts; env > ${folder}/env`))).toEqual({ name: 'sh', ok: true, blocking: true, message: '' });
  expect(JSON.parse(readFileSync(join(folder, 'facts'), 'utf8'))).toEqual(facts);
  const seen = readFileSync(join(folder, 'env'), 'utf8');
  expect(seen).toContain('DR_TARGET_TENANT=copy');
  expect(seen).not.toMatch(/sesame|postgres:|AWS_|DR_API_KEY/);
});

test('there is no shell between: what looks like one is an argument', async () => {
  const folder = freshDir('hook');
  expect((await run({ command: ['true', `; touch ${folder}/made`, `$(touch ${folder}/made)`] })).ok).toBe(true);
  expect(existsSync(join(folder, 'made'))).toBe(false);
});

test.each<[string, Parameters<typeof runHook>[0], string]>([
  ['an exit code', sh('echo no index >&2; exit 3'), 'it ended with exit code 3: no index'],
  ['a signal', sh('kill -9 $$'), 'it ended by SIGKILL'],
  ['a program that is not there', { command: ['/nowhere/hook'] }, 'it ended with exit code 127'],
  ['nobody who listens', { url: 'http://127.0.0.1:1/secret' }, 'fetch failed'],
])('%s is a failure with its reason', async (_, hook, message) => {
  const result = await run(hook);
  expect(result).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  expect(JSON.stringify(result)).not.toContain('secret');
});

test('on_error: continue does not count', async () =>
  expect(await run(sh('exit 1', { on_error: 'continue' }))).toMatchObject({ ok: false, blocking: false }));

test('what takes too long is ended, its children too', async () => {
  const folder = freshDir('hook');
  const result = await run(sh(`sleep 60 & echo $! > ${folder}/pid; wait`, { timeout_seconds: 1 }));
  expect(result).toMatchObject({ ok: false, message: 'it took longer than 1 s and was ended' });
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await until(() => !isRunning(pid), 'the end of the child');
});

test('an abort ends the command and is thrown', async () => {
  const abort = new AbortController();
  const running = run(sh('sleep 60'), abort.signal);
  setTimeout(() => abort.abort(new Error('stopping')), 100);
  await expect(running).rejects.toThrow('stopping');
});

describe('over HTTP', () => {
  let server: Server;
  let body = '';
  beforeAll(async () => {
    server = createServer(async (request, reply) => {
      body = '';
      for await (const part of request) body += String(part);
      reply.statusCode = Number(request.url!.slice(1));
      reply.setHeader('location', '/200');
      reply.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = (status: number) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${status}`;

  test('the facts are posted', async () => {
    expect(await run({ url: url(204) })).toMatchObject({ ok: true });
    expect(JSON.parse(body)).toEqual(facts);
  });
  test.each([
    [500, 'it was answered with status 500'],
    [302, 'redirect'],
  ])('status %i is a failure', async (status, message) => {
    expect(await run({ url: url(status) })).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });
});
