import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { basename, dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

/** As bin/dr runs. Services also return memory at once (docs/decisions/0004): half the peak, and a third more CPU in a verification. */
export const FLAGS = ['--no-memory-protection-keys', '--initial-heap-size=64'];

const made = new Map<string, string>();

/** A step's program as JavaScript: what the product's own programs are when they start. @param source below test/bench. */
export function stepProgram(source: string): string {
  const known = made.get(source);
  if (known) return known;
  const program = join(root, '.build', 'bench', `${basename(source, '.ts')}.mjs`);
  mkdirSync(dirname(program), { recursive: true });
  writeFileSync(program, stripTypeScriptTypes(readFileSync(join(import.meta.dirname, source), 'utf8')));
  made.set(source, program);
  return program;
}
