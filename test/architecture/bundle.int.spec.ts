import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundle } from '../../tools/bundle.mjs';
import { freshDir } from '../support/servers.ts';

/** A checkout with one library; its modules as they are built. */
function checkout(files: Record<string, string>): string {
  const root = realpathSync(freshDir('bundle'));
  const library = {
    name: '@dr/numbers',
    type: 'module',
    exports: { '.': { default: './dist/index.js' }, './more': { default: './dist/more.js' } },
  };
  const all = { 'node_modules/@dr/numbers/package.json': JSON.stringify(library), ...files };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

function run(files: Record<string, string>): string {
  const root = checkout(files);
  bundle(root, { 'main.js': join(root, 'dist/main.js') }, join(root, 'bundle'));
  return execFileSync(process.execPath, [join(root, 'bundle/main.js'), 'a word'], { encoding: 'utf8', cwd: '/' });
}

test('a program in one file says what it says in many: its own modules, those of libraries, of Node, and what it waits for', () => {
  const said = run({
    'dist/main.js': `import { join } from 'node:path'; import { one } from '@dr/numbers'; import more, * as all from '@dr/numbers/more'; import './loud.js';
      const { later } = await import('./later.js'); console.log(join('a', 'b'), one, more(), Object.keys(all).sort().join(), later, process.argv[2]);`,
    'dist/loud.js': `console.log('loud');`,
    'dist/later.js': `console.log('loaded'); export const later = 'later';`,
    'node_modules/@dr/numbers/dist/index.js': `export * from './one.js';`,
    'node_modules/@dr/numbers/dist/one.js': `export const one = 1;`,
    'node_modules/@dr/numbers/dist/more.js': `import { one } from './index.js'; export default () => one + 1; export class Two {}`,
  });
  expect(said).toBe('loud\nloaded\na/b 1 2 Two,default later a word\n');
});

test('a module runs once, when it is first asked for; names follow what they are bound to; modules may need each other', () => {
  const said = run({
    'dist/main.js': `import { count, up } from './count.js'; import { even } from './even.js'; up(); up(); console.log(count, even(10));
      if (process.argv[2] === 'never') await import('./never.js'); await import('./count.js'); console.log(count);`,
    'dist/count.js': `console.log('counting'); export let count = 0; export const up = () => { count++; };`,
    'dist/even.js': `import { odd } from './odd.js'; export const even = (n) => n === 0 || odd(n - 1);`,
    'dist/odd.js': `import { even } from './even.js'; export const odd = (n) => n !== 0 && even(n - 1);`,
    'dist/never.js': `throw new Error('never');`,
  });
  expect(said).toBe('counting\n2 true\n2\n');
});

test('what stands beside the program is found from it, and source maps are left behind', () => {
  const map = '//# sourceMappingURL=data:application/json;base64,AAAA';
  const root = checkout({
    'dist/main.js': `import { where } from './where.js'; console.log(where);\n${map}`,
    'dist/where.js': `export const where = new URL('./worker.js', import.meta.url).pathname;\n${map}`,
  });
  const entries = { 'main.js': join(root, 'dist/main.js'), 'worker.js': join(root, 'dist/where.js') };
  bundle(root, entries, join(root, 'bundle'));
  bundle(root, entries, join(root, 'bundle'));
  expect(execFileSync(process.execPath, [join(root, 'bundle/main.js')], { encoding: 'utf8' })).toBe(`${join(root, 'bundle/worker.js')}\n`);
  expect(readdirSync(join(root, 'bundle')).sort()).toEqual(['main.js', 'package.json', 'worker.js']);
});

test('an error that nobody caught ends the program as it would end any', () => {
  const root = checkout({ 'dist/main.js': `import './broken.js';`, 'dist/broken.js': `throw new RangeError('too far');` });
  bundle(root, { 'main.js': join(root, 'dist/main.js') }, join(root, 'bundle'));
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'bundle/main.js')], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toContain('RangeError: too far');
});
