/** kill -9 of the real program at moments spread over a restore: the target is the old data set or the new one, and the next run leaves nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeFolders, repositoryWith, temporaryFolder } from '../testing/repository.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const ID = 'backup_20260131_120000_0a1b2c3d';
const FILES = 40;
const MOMENTS = 10;

let repo: string;
let target: string;
let wholeMs: number;
const set = () => join(target, 'acme', 'articles');
const args = () => ['--repo', repo, 'restore', ID, '--target', target, '--overwrite'];
const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS|DR_|BACKUP_|JEST_)/.test(key)));

beforeAll(async () => {
  spawnSync(process.execPath, [join(ROOT, 'tools', 'build.mjs')], { env });
  const noise = (seed: number) =>
    Array.from({ length: 8_000 }, (_, i) => createHash('sha256').update(`${seed} ${i}`).digest('hex')).join('');
  const files = Object.fromEntries(Array.from({ length: FILES }, (_, i) => [`f${i}`, noise(i)]));
  repo = await repositoryWith([{ tenant: 'acme', backupId: ID, datasets: { articles: files } }], { encryption: false });
  target = temporaryFolder();
  const began = performance.now();
  expect(spawnSync(join(ROOT, 'bin', 'dr'), args(), { env, encoding: 'utf8' })).toMatchObject({ status: 0 });
  wholeMs = performance.now() - began;
}, 120_000);
afterAll(removeFolders);

const contentOf = (folder: string): string =>
  readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    )
    .join('\n');

test.each(Array.from({ length: MOMENTS }, (_, i) => (i + 1) / MOMENTS))(
  'killed at %d of the time that it takes',
  async (fraction) => {
    const restored = contentOf(set());
    rmSync(set(), { recursive: true });
    mkdirSync(set());
    writeFileSync(join(set(), 'old'), 'old');
    const old = contentOf(set());
    const child = spawn(join(ROOT, 'bin', 'dr'), args(), { env, stdio: 'ignore' });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await pause(wholeMs * fraction);
    child.kill('SIGKILL');
    await ended;
    const names = readdirSync(join(target, 'acme'));
    if (names.includes('articles')) expect([old, restored]).toContain(contentOf(set()));
    else expect(names.some((name) => name.startsWith('.dr-intent-'))).toBe(true);
    expect(spawnSync(join(ROOT, 'bin', 'dr'), args(), { env, encoding: 'utf8' })).toMatchObject({ status: 0 });
    expect(contentOf(set())).toBe(restored);
    expect(readdirSync(join(target, 'acme'))).toEqual(['articles']);
  },
  60_000,
);
