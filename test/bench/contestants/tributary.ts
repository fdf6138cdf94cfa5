import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';

const root = join(import.meta.dirname, '..', '..', '..');
/** As bin/dr runs. Services also return memory at once (docs/decisions/0004): half the peak, and a third more CPU in a verification. */
const FLAGS = ['--no-memory-protection-keys', '--initial-heap-size=64'];

let program: string | undefined;

/** The step's program as JavaScript: what the product's own programs are when they start. */
function stepProgram(): string {
  if (program) return program;
  program = join(root, '.build', 'bench', 'engine-step.mjs');
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, stripTypeScriptTypes(readFileSync(join(root, 'test', 'bench', 'engine-step.ts'), 'utf8')));
  return program;
}

const step = ({ repository }: Place, ...args: string[]): Command => ({
  argv: [process.execPath, ...FLAGS, stepProgram(), repository, ...args],
  env: { DR_BENCH_PASSPHRASE: PASSPHRASE },
});

/** Our own engine, without services: one process per step that ends with the step. */
export const tributary: Contestant = {
  name: 'tributary',
  version: '',
  init: (place) => [step(place, 'init')],
  backUp: (place, source, n) => step(place, 'backup', source, `backup_${n}`),
  restore: (place, _source, n, target) => step(place, 'restore', `backup_${n}`, target),
  restoredAt: (_source, target) => target,
  verify: (place) => step(place, 'verify'),
};
