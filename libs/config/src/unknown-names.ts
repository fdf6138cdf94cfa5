import type { ConfigProblem } from './errors.ts';
import { isMapping, type Leaf } from './layers.ts';
import { suggestion } from './suggestion.ts';
import type { Environment } from './system.ts';

/** Keys of the YAML file that mean nothing to us: a typo must not become a default without a word. */
export function unknownYamlKeys(yaml: unknown, leaves: readonly Leaf[]): ConfigProblem[] {
  const known = leaves.flatMap(([, { yaml: path }]) => (path === undefined ? [] : [path]));
  return isMapping(yaml) ? unknownBelow(yaml, '', known) : [{ key: 'backup', message: 'must be a mapping of settings' }];
}

function unknownBelow(mapping: Record<string, unknown>, above: string, known: readonly string[]): ConfigProblem[] {
  return Object.entries(mapping).flatMap(([name, value]): ConfigProblem[] => {
    const path = above + name;
    const key = `backup.${path}`;
    if (known.includes(path)) return [];
    if (!known.some((k) => k.startsWith(`${path}.`))) return [{ key, message: `is not a setting.${near(path, known)}` }];
    if (value === null) return [];
    return isMapping(value) ? unknownBelow(value, `${path}.`, known) : [{ key, message: 'must be a mapping of settings' }];
  });
}

/** Compares with settings and with the mappings that hold them. */
function near(path: string, known: readonly string[]): string {
  const groups = known.flatMap((k) => k.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.')));
  return suggestion(path, [...new Set(groups)], (name) => `backup.${name}`);
}

/** Ours, but no settings: between the programs of one start, and for tests. */
const BETWEEN_PROGRAMS = [
  'DR_CONFIG',
  'DR_ORIGINS',
  'DR_DEMO',
  'DR_CREDENTIALS_FILE',
  'DR_LOCK_FILE',
  'DR_LIFELINE_FD',
  'DR_CONFORMANCE_VENVS',
  'DR_DEEPLAKE4_ORACLE',
];

const OF_TESTS = /^DR_(TEST|CRASH|BENCH|LIVE)_/;

/** Variables that look like ours and are not: warned of, not refused, since another program may own them (a cluster sets DR_SERVICE_HOST). */
export function unknownVariables(env: Environment, leaves: readonly Leaf[]): string[] {
  const known = [...BETWEEN_PROGRAMS, ...leaves.flatMap(([, { env: name }]) => name ?? [])];
  const ours = Object.keys(env).filter((name) => /^(BACKUP|DR)_/.test(name) && !known.includes(name) && !OF_TESTS.test(name));
  return ours.sort().map((name) => `${name} is set but is not a setting.${suggestion(name, known)}`);
}
