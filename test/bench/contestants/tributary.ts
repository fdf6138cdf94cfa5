import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';
import { FLAGS, MALLOC, stepProgram } from '../step-program.ts';

const step = ({ repository }: Place, ...args: string[]): Command => ({
  argv: [process.execPath, ...FLAGS, stepProgram('engine-step.ts'), repository, ...args],
  env: { DR_BENCH_PASSPHRASE: PASSPHRASE, ...MALLOC },
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
