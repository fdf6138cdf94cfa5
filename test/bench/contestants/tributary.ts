import { fileURLToPath } from 'node:url';
import type { Command, Contestant, Place } from '../contestant.ts';

const program = fileURLToPath(new URL('../engine-step.ts', import.meta.url));
/** As our services run (docs/decisions/0004). */
const FLAGS = ['--no-memory-protection-keys', '--disable-warning=ExperimentalWarning'];

const step = ({ repository }: Place, ...args: string[]): Command => ({ argv: [process.execPath, ...FLAGS, program, repository, ...args] });

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
