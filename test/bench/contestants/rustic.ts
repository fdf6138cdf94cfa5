import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';

const rustic = ({ repository, state }: Place, ...args: string[]): Command => ({
  argv: ['rustic', ...args],
  env: {
    RUSTIC_REPOSITORY: repository,
    RUSTIC_PASSWORD: PASSPHRASE,
    RUSTIC_CACHE_DIR: state,
    RUSTIC_NO_PROGRESS: 'true',
    RUSTIC_LOG_LEVEL: 'warn',
  },
});

export const rusticOf = (version: string): Contestant => ({
  name: 'rustic',
  version,
  init: (place) => [rustic(place, 'init')],
  backUp: (place, source) => rustic(place, 'backup', source),
  restore: (place, source, _n, target) => rustic(place, 'restore', `latest:${source}`, target),
  restoredAt: (_source, target) => target,
  verify: (place) => rustic(place, 'check', '--read-data'),
});
