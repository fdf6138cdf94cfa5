/** `npm run test:long` runs every suite that has a long form, in that form, and leaves every seed to chance. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const script = readFileSync(join(root, 'tools', 'test-long'), 'utf8');

interface Read {
  file: string;
  variable: string;
}

/** Variables by which a suite is told how long it runs, or from which seed. */
const read: Read[] = ['test', 'libs', 'services', 'cli'].flatMap((top) =>
  readdirSync(join(root, top), { recursive: true, encoding: 'utf8' })
    .map((name) => join(top, name))
    .filter((file) => (top === 'test' ? file.endsWith('.ts') : file.endsWith('.spec.ts')) && !file.includes('node_modules'))
    .filter((file) => !file.endsWith('long-forms.unit.spec.ts'))
    .flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/process\.env\['(DR_\w+)'\]/g)].map(([, variable]) => ({
        file,
        variable: variable!,
      })),
    ),
);
const counts = read.filter(({ variable }) => /_(COUNT|RUNS|SECONDS|MOMENTS|BLACKOUTS|KILLS)$/.test(variable));
const seeds = read.filter(({ variable }) => variable.endsWith('_SEED'));

test('there are such suites', () => {
  expect(new Set(counts.map(({ variable }) => variable)).size).toBeGreaterThanOrEqual(5);
  expect(new Set(seeds.map(({ variable }) => variable)).size).toBeGreaterThanOrEqual(3);
});

test.each(counts)('$variable is set', ({ variable }) => expect(script).toMatch(new RegExp(`\\b${variable}=`)));

test.each(counts)('$file is run', ({ file }) => {
  const top = dirname(file).split('/').slice(0, 2).join('/');
  const runs = [...script.matchAll(/^run (\S+)$/gm)].map(([, path]) => path!);
  expect(top === 'test/conformance' ? script.includes('test/conformance/live-*/run') : runs.some((path) => file.startsWith(path))).toBe(
    true,
  );
});

test.each(counts)('$variable can be set to another number from outside', ({ variable }) =>
  expect(script).toContain(`${variable}="${'$'}{${variable}:-`),
);

test.each(seeds)('$variable is left to chance', ({ variable }) => expect(script).not.toContain(variable));
