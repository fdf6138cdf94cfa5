/** `npm run bench:scale`: time, CPU and memory by the number of objects of a data set and of backups of a repository. See `--help`. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { curveTable, type Point } from './curve.ts';
import { SHAPES, type Shape } from './make-objects.ts';
import { measureBackups, measureObjects } from './measure.ts';

const HELP = `npm run bench:scale -- [options]

Makes data sets of many small objects, and repositories of many tiny backups, and measures what an archiver, a restorer and dr --repo do with them: each
step in a process of its own, seconds, CPU seconds and peak memory. growth: 1 = in proportion to the size.

  --objects A,B   sizes of the data set (default 10000,100000,1000000; 0 = none)
  --backups A,B   sizes of the repository (default 100,1000,10000; 0 = none)
  --shape NAME    layout of the data set: ${SHAPES.join(', ')} (default opaque)
  --steps A,B     these steps only
  --work DIR      where data sets and repositories go (default: the system's temporary folder); a million objects take 5 GB
  --json          figures as JSON on standard output
  --help          this text`;

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '10000,100000,1000000' },
    backups: { type: 'string', default: '100,1000,10000' },
    shape: { type: 'string', default: 'opaque' },
    steps: { type: 'string' },
    work: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const sizesOf = (list: string): number[] =>
  list
    .split(',')
    .map(Number)
    .filter((size) => size > 0);
const shape = SHAPES.find((one) => one === values.shape);

if (values.help || !shape) {
  process.stdout.write(`${HELP}\n`);
  process.exit(values.help ? 0 : 2);
}

mkdirSync(values.work, { recursive: true });
const work = mkdtempSync(join(values.work, 'dr-scale-'));
try {
  const { objects, backups } = await measured(work, shape);
  const machine = { cores: availableParallelism(), memoryBytes: totalmem(), node: process.version };
  const tables = [objects.length > 0 ? curveTable(objects, 'objects') : '', backups.length > 0 ? curveTable(backups, 'backups') : ''];
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine, shape, objects, backups }, null, 2)}\n` : `${tables.join('\n\n').trim()}\n`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function measured(work: string, shape: Shape): Promise<{ objects: Point[]; backups: Point[] }> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const steps = values.steps?.split(',');
  const objects: Point[] = [];
  for (const size of sizesOf(values.objects)) objects.push(...(await measureObjects({ work, size, shape, steps, say })));
  const backups = await measureBackups({ work, sizes: sizesOf(values.backups), steps, say });
  return { objects, backups };
}
