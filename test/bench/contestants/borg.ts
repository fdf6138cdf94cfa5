import { join } from 'node:path';
import { type Command, type Contestant, PASSPHRASE, type Place } from '../contestant.ts';

const borg = ({ repository, state }: Place, cwd: string | undefined, ...args: string[]): Command => ({
  argv: ['borg', ...args],
  cwd,
  env: { BORG_REPO: repository, BORG_PASSPHRASE: PASSPHRASE, BORG_BASE_DIR: state, BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes' },
});

export const borgOf = (version: string): Contestant => ({
  name: 'borg',
  version,
  init: (place) => [borg(place, undefined, 'init', '-e', 'repokey-blake2')],
  backUp: (place, source, n) => borg(place, undefined, 'create', '-C', 'zstd,1', `::backup-${n}`, source),
  restore: (place, _source, n, target) => borg(place, target, 'extract', `::backup-${n}`),
  restoredAt: (source, target) => join(target, source),
  verify: (place) => borg(place, undefined, 'check', '--verify-data'),
});
