import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDir } from '../../../test/support/servers.ts';
import { identify, isAlive, startTime } from '../bootstrap/identity.mjs';
import { openLock, takeLock } from '../bootstrap/lock.mjs';

const lockModule = join(import.meta.dirname, '..', 'bootstrap', 'lock.mjs');
const dead = { pid: 4_000_000, started: 'never' };

test('the second one is told who has the lock, and writes nothing', () => {
  const home = freshDir('lock');
  const { lock } = takeLock(home, 'lock');
  const before = readdirSync(home);
  expect(takeLock(home, 'lock').owner).toEqual(identify());
  expect(readdirSync(home)).toEqual(before);
  lock!.release();
  expect(takeLock(home, 'lock').lock).toBeDefined();
});

test('a lock of a process that died is taken over, and its file removed', () => {
  const home = freshDir('lock');
  writeFileSync(join(home, 'lock.7'), JSON.stringify(dead));
  const { lock } = takeLock(home, 'lock');
  expect(lock!.file).toBe(join(home, 'lock.8'));
  expect(readdirSync(home)).toEqual(['lock.8']);
});

test('a process with the same pid and another start time does not hold the lock', () => {
  const home = freshDir('lock');
  writeFileSync(join(home, 'lock.1'), JSON.stringify({ pid: process.pid, started: 'an earlier boot' }));
  expect(takeLock(home, 'lock').lock).toBeDefined();
});

test('a half-written lock file is nobody’s', () => {
  const home = freshDir('lock');
  writeFileSync(join(home, 'lock.1'), '{"pid":');
  expect(takeLock(home, 'lock').lock).toBeDefined();
});

test('handed over, it belongs to the other process', () => {
  const home = freshDir('lock');
  const { lock } = takeLock(home, 'lock');
  openLock(lock!.file).handOver(process.ppid);
  expect(takeLock(home, 'lock').owner).toEqual(identify(process.ppid));
});

/** Runs `count` processes at once that each try for the lock on `home`; those that get it say so and keep it until they are ended. */
async function race(home: string, count: number): Promise<{ won: number; end: () => void }> {
  const script = `import(${JSON.stringify(lockModule)}).then(({ takeLock }) => { const { lock } = takeLock(${JSON.stringify(home)}, 'lock'); process.stdout.write(lock ? 'won' : 'lost'); setTimeout(() => {}, 60000); })`;
  const children = Array.from({ length: count }, () => spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] }));
  const answers = await Promise.all(
    children.map((c) => new Promise<string>((resolve) => c.stdout.once('data', (d) => resolve(String(d))))),
  );
  return { won: answers.filter((a) => a === 'won').length, end: () => children.forEach((c) => void c.kill('SIGKILL')) };
}

test('of eight processes that find a dead lock at once, one gets it', async () => {
  for (let round = 0; round < 3; round += 1) {
    const home = freshDir('race');
    writeFileSync(join(home, 'lock.1'), JSON.stringify(dead));
    const { won, end } = await race(home, 8);
    end();
    expect(won).toBe(1);
  }
});

test('a process that is gone, or only a zombie, has no start time', async () => {
  const child = spawn('true');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(startTime(child.pid!)).toBeUndefined();
  expect(isAlive({ pid: process.pid, started: '' })).toBe(false);
  expect(isAlive(identify())).toBe(true);
});
