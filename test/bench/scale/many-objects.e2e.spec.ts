import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..', '..', '..');
const program = fileURLToPath(new URL('./many-objects.ts', import.meta.url));

/** A hundred thousand in every run, a million in `npm run test:long`. Before listings and entries were kept as bytes, 100,000 did not fit in 64 MB. */
const OBJECTS = Number(process.env['DR_SCALE_OBJECTS'] ?? 100_000);
const HEAP_MB = 30 + OBJECTS / 8000;

function capture(heapMb: number) {
  const flags = ['--conditions=dr-source', '--disable-warning=ExperimentalWarning', '--no-memory-protection-keys'];
  const args = [...flags, `--max-old-space-size=${Math.ceil(heapMb)}`, program, String(OBJECTS)];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return JSON.parse(stdout || JSON.stringify({ died: stderr.slice(-1000) })) as { one?: { newBytes: number } };
}

test(
  'a data set of many objects is captured, captured again unchanged, verified and inspected within a small heap',
  () => {
    const told = capture(HEAP_MB);
    expect(told).toMatchObject({
      first: { objects: OBJECTS, takenOver: 0, findings: 0 },
      unchanged: { objects: OBJECTS, takenOver: OBJECTS, newBytes: 0, findings: 0 },
      one: { objects: OBJECTS, takenOver: OBJECTS - 1, findings: 0 },
      sameRoot: true,
      ok: true,
      inspected: OBJECTS,
    });
    expect(told.one!.newBytes).toBeLessThan(300_000);
  },
  120_000 + OBJECTS,
);
