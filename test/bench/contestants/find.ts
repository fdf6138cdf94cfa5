import { spawnSync } from 'node:child_process';
import type { Contestant } from '../contestant.ts';
import { borgOf } from './borg.ts';
import { kopiaOf } from './kopia.ts';
import { resticOf } from './restic.ts';
import { rusticOf } from './rustic.ts';
import { tributary } from './tributary.ts';

const PEERS: readonly [name: string, of: (version: string) => Contestant, versionArgument: string][] = [
  ['restic', resticOf, 'version'],
  ['kopia', kopiaOf, '--version'],
  ['rustic', rusticOf, '--version'],
  ['borg', borgOf, '--version'],
];

/** Our engine and every peer on PATH. @param only names; all when empty. */
export function contestants(only: readonly string[] = []): Contestant[] {
  const wanted = (name: string): boolean => only.length === 0 || only.includes(name);
  const peers = PEERS.flatMap(([name, of, argument]) => {
    const found = wanted(name) ? spawnSync(name, [argument], { encoding: 'utf8' }) : undefined;
    return found?.status === 0 ? [of(/\d+(\.\d+)+\S*/.exec(found.stdout)?.[0] ?? 'unknown version')] : [];
  });
  return [...(wanted(tributary.name) ? [tributary] : []), ...peers];
}
