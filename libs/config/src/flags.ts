import { type ConfigProblem, ConfigurationError } from './errors.ts';
import { leavesOf } from './layers.ts';
import { settings } from './settings.ts';
import { suggestion } from './suggestion.ts';
import type { Environment } from './system.ts';

/** Every flag of `npm start` with the variable that it overrides. */
export const START_FLAGS: ReadonlyMap<string, string> = new Map([
  ['--config', 'DR_CONFIG'],
  ...leavesOf(settings).flatMap(([, { flag, env }]): [string, string][] => (flag && env ? [[flag, env]] : [])),
]);

/** The flags of `npm start -- --port 9000`, as `loadConfig` takes them. @throws ConfigurationError that names every word which is none of them. */
export function readFlags(argv: readonly string[]): Environment {
  const flags: Record<string, string> = {};
  const problems: ConfigProblem[] = [];
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = split(argv[i]!);
    const variable = START_FLAGS.get(name);
    const value = inline ?? (variable === undefined ? undefined : argv[++i]);
    if (variable === undefined) problems.push(unknownFlag(name));
    else if (!value || (inline === undefined && value.startsWith('--'))) problems.push({ key: name, message: 'needs a value' });
    else if (variable in flags) problems.push({ key: name, message: 'is given twice' });
    else flags[variable] = value;
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return flags;
}

function split(word: string): [name: string, value: string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}

function unknownFlag(name: string): ConfigProblem {
  if (name === '--home') return { key: name, message: 'is not a flag, since its lock is taken before flags are read: set DR_HOME' };
  const known = [...START_FLAGS.keys()];
  return { key: name, message: `is not a flag of npm start.${suggestion(name, known)} There are ${known.join(', ')}` };
}
