import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openRepository } from '@dr/repository';
import { openStore } from '@dr/storage';
import { runMeasured } from '../run-measured.ts';
import { FLAGS, stepProgram } from '../step-program.ts';
import type { Point } from './curve.ts';
import { makeObjects, type Shape } from './make-objects.ts';
import { NarrowStore } from './narrow-store.ts';
import { makeTinyBackups, tinyId } from './tiny-backups.ts';

interface Measuring {
  readonly work: string;
  /** Missing: all. Steps that make what others need always run. */
  readonly steps?: readonly string[];
  readonly say: (line: string) => void;
}

type Runs = readonly (readonly [step: string, ...args: string[]])[];

/** Every step on a data set of `size` objects. */
export async function measureObjects({ work, size, shape, steps, say }: Measuring & { size: number; shape: Shape }): Promise<Point[]> {
  const [source, repository, target] = [join(work, 'source', 'bench', 'set'), join(work, 'repository'), join(work, 'target')];
  for (const folder of [source, repository]) mkdirSync(folder, { recursive: true });
  makeObjects(source, size, shape);
  const [first, second] = ['backup_20260101_000000_00000001', 'backup_20260101_000000_00000002'];
  const runs: Runs = [
    ['list', source],
    ['plan', source],
    ['backup', source, first],
    ['unchanged', source, second],
    ['inspect', second],
    ['contents', second],
    ['dryRun', second, source],
    ['restore', second, target],
    ['verify', second, 'quick'],
    ['verify full', second, 'full'],
  ];
  await run(repository, ['init']);
  const points = await measureRuns({ repository, runs, size, say, steps: steps && [...steps, 'backup', 'unchanged'] });
  for (const folder of [join(work, 'source'), repository, target]) rmSync(folder, { recursive: true, force: true });
  return points;
}

/** Every step on a repository that grows from size to size. */
export async function measureBackups({ work, sizes, steps, say }: Measuring & { sizes: readonly number[] }): Promise<Point[]> {
  const [source, repository] = [join(work, 'source', 'bench', 'set'), join(work, 'history')];
  if (sizes.length === 0) return [];
  mkdirSync(repository, { recursive: true });
  makeObjects(source, 100, 'opaque');
  await run(repository, ['init']);
  await run(repository, ['backup', source, 'backup_20260101_000000_00000000']);
  const points: Point[] = [];
  let had = 0;
  for (const [i, size] of sizes.entries()) {
    await grow(repository, had + 1, size);
    had = size;
    const last = tinyId(size);
    const runs: Runs = [
      ['open'],
      ['newest'],
      ['dr list', '--limit', '50'],
      ['decisions'],
      ['contents', last],
      ['unchanged', source, `backup_20260101_000000_0000000${i + 1}`],
      ['verify', last, 'quick'],
    ];
    points.push(...(await measureRuns({ repository, runs, size, say, steps })));
  }
  rmSync(repository, { recursive: true, force: true });
  rmSync(join(work, 'source'), { recursive: true, force: true });
  return points;
}

async function grow(repository: string, from: number, to: number): Promise<void> {
  const store = new NarrowStore(await openStore(repository), repository);
  const opened = await openRepository(store, { unlock: { passphrase: async () => PASSPHRASE }, now: Date.now, mode: 'write', workers: 1 });
  await makeTinyBackups(await opened.tenant('bench', { create: true }), store, from, to);
  await opened.close();
  await store.close();
}

export const PASSPHRASE = 'a passphrase of the benchmark';

interface Running {
  readonly repository: string;
  readonly runs: Runs;
  readonly size: number;
  readonly steps: readonly string[] | undefined;
  readonly say: (line: string) => void;
}

async function measureRuns({ repository, runs, size, steps, say }: Running): Promise<Point[]> {
  const points: Point[] = [];
  for (const [step, ...args] of runs) {
    if (steps && !steps.includes(step)) continue;
    const point = { size, step, ...(await run(repository, [step, ...args])) };
    points.push(point);
    const { seconds, cpuSeconds, peakBytes = 0 } = point;
    say(`${size} ${step}: ${seconds.toFixed(2)} s, ${cpuSeconds?.toFixed(2)} CPU s, ${Math.round(peakBytes / 1e6)} MB`);
  }
  return points;
}

const root = join(import.meta.dirname, '..', '..', '..');

/** 'unchanged' is a second 'backup'; what follows a step's first word only tells it from another. */
function run(repository: string, [step, ...args]: readonly [string, ...string[]]) {
  const env = { BACKUP_PASSPHRASE: PASSPHRASE };
  if (step === 'dr list') return runMeasured({ argv: [join(root, 'bin', 'dr'), '--repo', repository, 'list', ...args], env });
  const program = step === 'unchanged' ? 'backup' : step.split(' ')[0]!;
  return runMeasured({ argv: [process.execPath, ...FLAGS, stepProgram('scale/scale-step.ts'), repository, program, ...args] });
}
