import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, join } from 'node:path';
import { bundle, WORKER } from '../../tools/bundle.mjs';

const root = join(import.meta.dirname, '..', '..');

/** As bin/dr runs (docs/decisions/0004). Services give memory back sooner: less of it at the peak, and half as much CPU again in a verification. */
export const FLAGS = [
  '--no-memory-protection-keys',
  '--initial-heap-size=64',
  '--no-maglev',
  '--single-threaded-gc',
  '--invocation-count-for-turbofan=30000',
];
export const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '4456448', MALLOC_TRIM_THRESHOLD_: '8388608' };

const made = new Map<string, string>();

/** A step's program in one file with its worker beside it, as the command line is built (docs/decisions/0070). @param source below test/bench. */
export function stepProgram(source: string): string {
  const known = made.get(source);
  if (known) return known;
  const name = basename(source, '.ts');
  const folder = join(root, '.build', 'bench');
  mkdirSync(folder, { recursive: true });
  const step = join(folder, `${name}.mjs`);
  writeFileSync(step, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, source), 'utf8')));
  bundle(root, { [`${name}.js`]: step, 'worker.js': join(root, WORKER) }, join(folder, name));
  const program = join(folder, name, `${name}.js`);
  made.set(source, program);
  return program;
}
