/** Items of system state captured into a real repository: paths, outputs of commands, and each way in which one can fail without taking the backup along. */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SystemItem, systemStateId } from '@dr/config';
import type { CaptureCommand } from '@dr/domain';
import type { JobContext } from '@dr/jobs';
import { freshDir } from '../../../../test/support/servers.ts';
import { type Archive, archive, keyOf, nextBackupId, tenantOf } from '../testing/archive.ts';
import { captureItem } from './capture-item.ts';

let on: Archive;
beforeAll(async () => {
  on = await archive();
}, 60_000);
afterAll(() => on.close());

const idle = { signal: new AbortController().signal, progress: () => undefined } as unknown as JobContext;

function capture(item: Omit<SystemItem, 'name'> | undefined, context = idle): Promise<CaptureCommand> {
  const backupId = nextBackupId();
  const dataset = { n: 1, datasetId: systemStateId('it'), format: 'opaque', path: systemStateId('it') } as const;
  const named = item && { name: 'it', ...item };
  const { now, log } = on.house;
  return on.sessions.use(keyOf(backupId), (inUse) =>
    captureItem({ ...inUse, item: named, name: 'it', backupId, dataset, tenantId: 'acme', now, log, context }),
  );
}
const sh = (script: string, more: object = {}) => ({ command: ['sh', '-c', script], ...more });

async function restored(command: CaptureCommand): Promise<string> {
  if (command.kind !== 'recordCaptured') throw new Error(command.message);
  const target = join(freshDir('restored'), 'it');
  await (await tenantOf(on)).restore(command.root, target);
  return target;
}

test('what a command writes is captured, and nobody else may read it when it comes back', async () => {
  const command = await capture(sh('echo "$DR_SYSTEM_STATE of $DR_TENANT"; seq 1 200000'));
  expect(command).toMatchObject({ kind: 'recordCaptured', datasetId: systemStateId('it'), objects: 1, findings: [] });
  const output = join(await restored(command), 'output');
  expect(readFileSync(output, 'utf8')).toMatch(/^it of acme\n1\n2\n[\d\n]*\n200000\n$/);
  expect(statSync(output).mode & 0o777).toBe(0o600);
});

test('of the environment it sees what it needs to run', async () => {
  process.env['BACKUP_PASSPHRASE_SPEC'] = 'sesame';
  const output = readFileSync(join(await restored(await capture({ command: ['env'] })), 'output'), 'utf8');
  delete process.env['BACKUP_PASSPHRASE_SPEC'];
  expect(output).toContain('PATH=');
  expect(output).not.toContain('sesame');
});

test('a file and a folder come back with their names, through a link too', async () => {
  const folder = freshDir('state');
  mkdirSync(join(folder, 'etc/app'), { recursive: true });
  writeFileSync(join(folder, 'etc/app/a.conf'), 'a');
  writeFileSync(join(folder, 'etc/other'), 'b');
  symlinkSync(join(folder, 'etc/other'), join(folder, 'link'));
  expect(readFileSync(join(await restored(await capture({ path: join(folder, 'etc') })), 'app/a.conf'), 'utf8')).toBe('a');
  const file = await capture({ path: join(folder, 'link') });
  expect(file).toMatchObject({ objects: 1, bytes: 1 });
  expect(readFileSync(join(await restored(file), 'other'), 'utf8')).toBe('b');
});

const failures: [string, Omit<SystemItem, 'name'> | undefined, string, string][] = [
  [
    'a command that fails',
    sh('echo half; echo "password sesame" >&2; exit 3'),
    'system_state.command_failed',
    'sh failed: it ended with exit code 3',
  ],
  ['a program that is not there', { command: ['/nowhere/dump'] }, 'system_state.command_failed', 'exit code 127'],
  ['one that takes too long', sh('echo half; sleep 60', { timeout_seconds: 1 }), 'system_state.too_slow', 'longer than its time limit'],
  ['one that writes too much', sh('yes', { max_bytes: 100_000 }), 'system_state.too_large', 'more than 100000 bytes'],
  ['a path that is not there', { path: '/nowhere/etc' }, 'source.missing', 'its path could not be read (source.missing)'],
  ['an item that this archiver does not know', undefined, 'system_state.unknown', 'does not have it'],
];
test.each(failures)('%s is a failure with its reason, and tells no secret', async (_, item, code, message) => {
  const command = await capture(item);
  expect(command).toMatchObject({ kind: 'recordFailed', code, message: expect.stringContaining(message) });
  expect(command.findings).toEqual([expect.objectContaining({ code: 'W8', severity: 'error' })]);
  expect(JSON.stringify(command)).not.toMatch(/sesame|nowhere\/etc/);
});

test('what it wrote before it failed is for the operator, in the log', async () => {
  await capture(sh('echo "no such database" >&2; exit 1'));
  expect(on.house.lines.at(-1)).toMatchObject({ level: 'warn', fields: { system_state: 'it', said: 'no such database' } });
});

test('an abort ends the command and is thrown', async () => {
  const abort = new AbortController();
  const captured = capture(sh('yes'), { ...idle, signal: abort.signal });
  setTimeout(() => abort.abort(new Error('cancelled')), 200);
  await expect(captured).rejects.toThrow('cancelled');
});

test('1.2 GB of output are never in memory', async () => {
  const before = process.memoryUsage();
  let most = 0;
  const look = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers + process.memoryUsage().external)), 20);
  const command = await capture(sh('head -c 1200000000 /dev/zero'));
  clearInterval(look);
  expect(command).toMatchObject({ bytes: 1_200_000_000 });
  expect(most - before.arrayBuffers - before.external).toBeLessThan(600_000_000); // what the collector has not looked at yet counts, too
}, 60_000);
