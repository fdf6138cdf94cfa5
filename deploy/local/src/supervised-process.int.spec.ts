import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDir } from '../../../test/support/servers.ts';
import { identify, isAlive } from '../bootstrap/identity.mjs';
import { stopOrphans } from './process-record.ts';
import { RotatingLog } from './rotating-log.ts';
import { StartError } from './start-error.ts';
import { type ProcessSpec, SupervisedProcess, type Surroundings } from './supervised-process.ts';

const fake = join(import.meta.dirname, 'testing', 'fake-service.cjs');
const rule = { order: 0, signal: 'SIGTERM', graceMs: 2000 } as const;

function surroundings(): Surroundings & { lines: string[]; home: string } {
  const home = freshDir('supervised');
  const lines: string[] = [];
  mkdirSync(join(home, 'run'));
  const log = new RotatingLog(join(home, 'x.log'));
  return { home, lines, runFolder: join(home, 'run'), log, say: (line) => void lines.push(line), backoffMsMin: 20 };
}

const fakeService = (env: Record<string, string> = {}): ProcessSpec => ({
  name: 'fake',
  command: process.execPath,
  args: [fake],
  env: { FAKE_NAME: 'fake', ...env },
  stop: rule,
});

async function until(condition: () => boolean, ms = 8000): Promise<void> {
  for (let waited = 0; waited < ms && !condition(); waited += 20) await pause(20);
  expect(condition()).toBe(true);
}

test('is started when its ready line has come, is recorded while it runs, and ends on its signal', async () => {
  const around = surroundings();
  const journal = join(around.home, 'journal');
  const service = new SupervisedProcess(fakeService({ FAKE_JOURNAL: journal }), around);
  await service.start();
  const record = JSON.parse(readFileSync(join(around.runFolder, 'fake.json'), 'utf8'));
  expect(record).toMatchObject({ name: 'fake', pid: service.pid, order: 0, signal: 'SIGTERM' });
  expect(isAlive(record)).toBe(true);
  await service.stop();
  expect(isAlive(record)).toBe(false);
  expect(existsSync(join(around.runFolder, 'fake.json'))).toBe(false);
  expect(readFileSync(journal, 'utf8')).toBe('started fake\nstopped fake\n');
  expect(readFileSync(around.log.file, 'utf8')).toContain('"msg":"ready"');
});

test('a service that dies is logged and started again', async () => {
  const around = surroundings();
  const service = new SupervisedProcess(fakeService({ FAKE_DIE_ONCE: join(around.home, 'died') }), around);
  await service.start();
  const first = service.pid;
  await until(() => around.lines.some((l) => l.includes('running again')));
  expect(service.pid).not.toBe(first);
  expect(around.lines[0]).toMatch(/fake ended unexpectedly \(exit code 3\); starting it again in 0.02 s/);
  await service.stop();
});

test('a service killed by a signal comes back too', async () => {
  const around = surroundings();
  const service = new SupervisedProcess(fakeService(), around);
  await service.start();
  process.kill(service.pid!, 'SIGKILL');
  await until(() => around.lines.some((l) => l.includes('running again')));
  expect(around.lines[0]).toContain('signal SIGKILL');
  await service.stop();
});

test('one that is not ready the first time stops the start, with its last lines', async () => {
  const around = { ...surroundings(), readyMsMax: 300 };
  const service = new SupervisedProcess(fakeService({ FAKE_NEVER_READY: '1' }), around);
  await expect(service.start()).rejects.toThrow(StartError);
  expect(existsSync(join(around.runFolder, 'fake.json'))).toBe(false);
});

test('one that says that it is still starting is waited for, and what it says for people is told', async () => {
  const around = { ...surroundings(), readyMsMax: 400 };
  const service = new SupervisedProcess(fakeService({ FAKE_STARTS_MS: '1200' }), around);
  await service.start();
  expect(around.lines).toContain('Events came back.');
  await service.stop();
});

test('one that cannot be run at all says which program it was', async () => {
  const service = new SupervisedProcess({ ...fakeService(), command: '/nowhere/program' }, surroundings());
  await expect(service.start()).rejects.toThrow(/\/nowhere\/program/);
});

test('one that ignores its signal is killed after its grace period', async () => {
  const around = surroundings();
  const spec = { ...fakeService({ FAKE_IGNORE_TERM: '1' }), stop: { ...rule, graceMs: 100 } };
  const service = new SupervisedProcess(spec, around);
  await service.start();
  const { pid } = service;
  await service.stop();
  expect(isAlive(identify(pid))).toBe(false);
});

test('a stop during the back-off starts nothing any more', async () => {
  const around = { ...surroundings(), backoffMsMin: 60_000, backoffMsMax: 60_000 };
  const service = new SupervisedProcess(fakeService(), around);
  await service.start();
  const { pid } = service;
  process.kill(pid!, 'SIGKILL');
  await until(() => around.lines.length === 1);
  await service.stop();
  expect(service.pid).toBe(pid);
});

test('what a killed supervisor left behind is ended by the next start: by pid and start time', async () => {
  const around = surroundings();
  const left = new SupervisedProcess(fakeService(), around);
  await left.start();
  const orphan = identify(left.pid);
  const ending = stopOrphans(around.runFolder);
  left.kill(); // only so that this process does not start it again
  expect(await ending).toEqual(['fake']);
  expect(isAlive(orphan)).toBe(false);
  expect(await stopOrphans(around.runFolder)).toEqual([]);
});

test('a pid that belongs to somebody else by now is left alone', async () => {
  const around = surroundings();
  const stranger = new SupervisedProcess({ ...fakeService(), name: 'stranger' }, { ...around, runFolder: join(around.home, 'other') });
  await stranger.start();
  const record = { name: 'fake', ...rule, pid: stranger.pid, started: 'another boot:1' };
  writeFileSync(join(around.runFolder, 'fake.json'), JSON.stringify(record));
  expect(await stopOrphans(around.runFolder)).toEqual([]);
  expect(isAlive(identify(stranger.pid))).toBe(true);
  expect(existsSync(join(around.runFolder, 'fake.json'))).toBe(false);
  await stranger.stop();
});
