/** `.ci/run` adds up what its parts say, and fails when one of them does. Its parts are shell scripts of two lines here. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freshDir } from '../support/servers.ts';
import { root } from './sources.ts';

const ok = '#!/bin/sh\nexit 0\n';
const says = (text: string, code = 0) => `#!/bin/sh\nprintf '%b\\n' '${text}'\nexit ${code}\n`;

function ci(parts: Record<string, string>): { code: number | null; lines: string[] } {
  const folder = freshDir('ci');
  const all = {
    'deploy/local/bootstrap.mjs': '',
    'node_modules/.bin/biome': ok,
    'node_modules/.bin/tsc': ok,
    'tools/layers': ok,
    'programs/npm': says('Tests:       2 skipped, 30 passed, 32 total'),
    ...parts,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    chmodSync(join(folder, file), 0o755);
  }
  cpSync(join(root, '.ci', 'run'), join(folder, '.ci', 'run'));
  const env = { ...process.env, PATH: `${join(folder, 'programs')}:${process.env['PATH']}`, NODE_OPTIONS: '' };
  const { status, stdout } = spawnSync(join(folder, '.ci', 'run'), { env, encoding: 'utf8' });
  return { code: status, lines: stdout.trimEnd().split('\n') };
}

test('the last line is the sum: four steps, the tests, every conformance suite', () => {
  const { code, lines } = ci({
    'test/conformance/a/run': says('…\\n5 passed, 0 failed, 1 skipped'),
    'test/conformance/b/run': says('0 passed, 0 failed, 7 skipped'),
  });
  expect(lines.at(-1)).toBe('39 passed, 0 failed, 10 skipped');
  expect(code).toBe(0);
});

test.each<[string, Record<string, string>, string]>([
  [
    'a failed test',
    { 'programs/npm': says('Tests:       \\033[31m3 failed\\033[39m, 30 passed, 33 total', 1) },
    '34 passed, 3 failed, 0 skipped',
  ],
  ['a test run that broke before it counted', { 'programs/npm': says('out of memory', 1) }, '4 passed, 1 failed, 0 skipped'],
  ['a failed step', { 'tools/layers': says('cycle', 1) }, '33 passed, 1 failed, 2 skipped'],
  ['a conformance suite without counts', { 'test/conformance/a/run': says('hello') }, '34 passed, 1 failed, 2 skipped'],
  [
    'a conformance suite that ends badly',
    { 'test/conformance/a/run': says('4 passed, 0 failed, 0 skipped', 1) },
    '38 passed, 1 failed, 2 skipped',
  ],
  ['an installation that fails', { 'deploy/local/bootstrap.mjs': 'process.exit(1)' }, '0 passed, 1 failed, 0 skipped'],
])('%s makes it fail', (_, parts, last) => {
  const { code, lines } = ci(parts);
  expect(lines.at(-1)).toBe(last);
  expect(code).toBe(1);
});
