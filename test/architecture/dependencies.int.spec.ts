import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { missingOptional } from '../../tools/complete-lock.mjs';
import { freshDir } from '../support/servers.ts';
import { root, textOf } from './sources.ts';

const cruiser = join(root, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs');

/** The rules that the sources below `folder` break, one line each, `rule: from → to`. */
async function violations(folder: string): Promise<string[]> {
  const args = [cruiser, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'libs', 'services', 'cli'];
  const env = { ...process.env, NODE_OPTIONS: '' };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, env, maxBuffer: 1 << 28 }).catch(
    (e) => e as { stdout: string },
  );
  const { summary } = JSON.parse(stdout) as {
    summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] };
  };
  expect(summary.totalCruised).toBeGreaterThan(3);
  return summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`);
}

test('dependencies point one way', async () => {
  expect(await violations(root)).toEqual([]);
}, 60_000);

/** A small house in the real one's shape. */
function house(files: Record<string, string>): string {
  const folder = freshDir('cruise');
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json']) cpSync(join(root, file), join(folder, file));
  const all = {
    'package.json': '{}',
    'services/a/src/main.ts': '',
    'cli/dr/src/main.ts': '',
    'libs/storage/src/index.ts': 'export const s = 1;',
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return folder;
}

test.each([
  ['layer-of-domain', { 'libs/domain/src/x.ts': "import { s } from '../../storage/src/index.ts'; export const x = s;" }],
  ['nobody-imports-programs', { 'libs/domain/src/x.ts': "import '../../../services/a/src/main.ts';" }],
  ['nobody-imports-programs', { 'services/b/src/x.ts': "import '../../a/src/main.ts';" }],
  ['unlisted-library', { 'libs/newcomer/src/x.ts': "import '../../storage/src/index.ts';" }],
  ['not-unresolvable', { 'libs/domain/src/x.ts': "import './nowhere.ts';" }],
  [
    'no-circular',
    { 'libs/domain/src/x.ts': "import './y.ts'; export const x = 1;", 'libs/domain/src/y.ts': "import './x.ts'; export const y = 1;" },
  ],
  [
    'specs-are-not-imported',
    { 'libs/domain/src/x.ts': "import './x.unit.spec.ts';", 'libs/domain/src/x.unit.spec.ts': 'export const x = 1;' },
  ],
  [
    'no-test-code-in-production',
    { 'libs/domain/src/x.ts': "import './testing/y.ts';", 'libs/domain/src/testing/y.ts': 'export const y = 1;' },
  ],
] as [string, Record<string, string>][])('%s is noticed', async (rule, files) => {
  expect((await violations(house(files))).map((v) => v.split(':')[0])).toContain(rule);
});

test('by its package name, a forbidden library is noticed as well', async () => {
  const found = await violations(house({ 'libs/domain/src/x.ts': "import { s } from '@dr/storage'; export const x = s;" }));
  expect(found.some((v) => v.startsWith('layer-of-domain: libs/domain/src/x.ts'))).toBe(true);
});

test('the lock file has an entry for every optional package, other platforms’ included: `node tools/complete-lock.mjs` adds them', () => {
  expect(missingOptional(JSON.parse(textOf('package-lock.json')).packages)).toEqual([]);
  expect(
    missingOptional({ '': { optionalDependencies: { a: '1' } }, 'node_modules/b': { optionalDependencies: { c: '2' }, dev: true } }),
  ).toEqual([
    { name: 'a', version: '1', dev: false },
    { name: 'c', version: '2', dev: true },
  ]);
});
