import type { Given, Leaf } from './layers.ts';

interface Read {
  readonly values: object;
  readonly given: ReadonlyMap<string, Given>;
}

/** Settings that are given although nothing acts on them, each with what does not happen; and BACKUP_ENABLED=false, which is easily forgotten. */
export function warningsOf(leaves: readonly Leaf[], { values, given }: Read): string[] {
  const off = (values as { backup: { enabled: boolean } }).backup.enabled === false;
  const keysByEffect = new Map<string, string[]>();
  for (const [path, { idle }] of leaves) {
    const found = given.get(path);
    if (found === undefined || idle === undefined || isNothing(found.value) || (off && /schedules?$/.test(path))) continue;
    keysByEffect.set(idle, [...(keysByEffect.get(idle) ?? []), found.key]);
  }
  const idle = [...keysByEffect].map(([effect, keys]) => `${keys.join(', ')}: read, but nothing acts on it in this version: ${effect}.`);
  const enabled = given.get('backup.enabled')?.key;
  return off ? [`${enabled} is false: no schedule runs. Backups that somebody asks for are made all the same.`, ...idle] : idle;
}

/** An empty list or mapping asks for nothing. */
const isNothing = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
