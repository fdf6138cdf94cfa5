import { join } from 'node:path';
import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';

const kopia = ({ state }: Place, ...args: string[]): Command => ({
  argv: ['kopia', ...args, '--no-progress', '--disable-file-logging'],
  env: {
    KOPIA_PASSWORD: PASSPHRASE,
    KOPIA_CONFIG_PATH: join(state, 'config'),
    KOPIA_CACHE_DIRECTORY: join(state, 'cache'),
    KOPIA_CHECK_FOR_UPDATES: 'false',
  },
});

export const kopiaOf = (version: string): Contestant => ({
  name: 'kopia',
  version,
  init: (place) => [
    kopia(place, 'repository', 'create', 'filesystem', `--path=${place.repository}`),
    kopia(place, 'policy', 'set', '--global', '--compression=zstd-fastest'),
  ],
  backUp: (place, source) => kopia(place, 'snapshot', 'create', source),
  restore: (place, source, _n, target) => kopia(place, 'snapshot', 'restore', source, target, '--snapshot-time=latest'),
  restoredAt: (_source, target) => target,
  verify: (place) => kopia(place, 'snapshot', 'verify', '--verify-files-percent=100'),
});
