import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';

const restic = ({ repository, state }: Place, ...args: string[]): Command => ({
  argv: ['restic', '--quiet', ...args],
  env: { RESTIC_REPOSITORY: repository, RESTIC_PASSWORD: PASSPHRASE, RESTIC_CACHE_DIR: state },
});

export const resticOf = (version: string): Contestant => ({
  name: 'restic',
  version,
  init: (place) => [restic(place, 'init')],
  backUp: (place, source) => restic(place, 'backup', source),
  restore: (place, source, _n, target) => restic(place, 'restore', `latest:${source}`, '--target', target),
  restoredAt: (_source, target) => target,
  verify: (place) => restic(place, 'check', '--read-data'),
});
