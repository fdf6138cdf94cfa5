import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectDataset } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import type { Point } from './curve.ts';
import { makeObjects } from './make-objects.ts';

let work: string;
beforeAll(() => {
  process.env['NODE_OPTIONS'] = `${process.env['NODE_OPTIONS'] ?? ''} --conditions=dr-source`;
  work = mkdtempSync(join(tmpdir(), 'dr-scale-e2e-'));
});
afterAll(() => rmSync(work, { recursive: true }));

const scale = (...args: string[]) =>
  spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', fileURLToPath(new URL('./scale.ts', import.meta.url)), '--work', work, ...args],
    {
      encoding: 'utf8',
    },
  );

test('a v4 data set of many objects is one that our reader finds whole', async () => {
  makeObjects(join(work, 'v4'), 2500, 'v4');
  const report = await inspectDataset(await openSourceFolder(join(work, 'v4')));
  expect(report).toMatchObject({ format: 'v4', intact: true, rows: 2500, files: { count: 2505, orphans: 0 } });
  rmSync(join(work, 'v4'), { recursive: true });
});

test('every step is measured, and nothing is left', () => {
  const { stdout, stderr } = scale('--objects', '60', '--backups', '3', '--json');
  const { objects, backups } = JSON.parse(stdout || JSON.stringify({ failed: stderr })) as { objects: Point[]; backups: Point[] };
  const steps = ['list', 'plan', 'backup', 'unchanged', 'inspect', 'contents', 'dryRun', 'restore', 'verify', 'verify full'];
  expect(objects.map(({ size, step }) => `${size} ${step}`)).toEqual(steps.map((step) => `60 ${step}`));
  const onBackups = ['open', 'newest', 'dr list', 'decisions', 'contents', 'unchanged', 'verify'];
  expect(backups.map(({ size, step }) => `${size} ${step}`)).toEqual(onBackups.map((step) => `3 ${step}`));
  for (const { seconds } of [...objects, ...backups]) expect(seconds).toBeGreaterThan(0);
  expect(readdirSync(work)).toEqual([]);
}, 120_000);

test('the command explains itself', () => {
  expect(scale('--help').stdout).toContain('--objects A,B');
  expect(scale('--shape', 'round').status).toBe(2);
});
