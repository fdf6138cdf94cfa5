import { parse } from 'yaml';
import type { ConfigProblem } from './errors.ts';
import { isSetting, type Setting, type SettingTree } from './setting.ts';
import type { Environment } from './system.ts';

/** Where a value came from; a later one wins over an earlier one. */
export type Origin = 'default' | 'yaml' | 'environment' | 'flag';

/** A value as somebody gave it, and the key under which they did. */
export interface Given {
  readonly value: unknown;
  readonly origin: Origin;
  readonly key: string;
}

export interface Layers {
  readonly flags: Environment;
  readonly env: Environment;
  /** What stands below `backup:`. */
  readonly yaml: unknown;
}

export type Leaf = readonly [path: string, setting: Setting<unknown>];

/** Every setting with its dotted path in `Config`. */
export function leavesOf(tree: SettingTree, above = ''): Leaf[] {
  return Object.entries(tree).flatMap(([name, node]): Leaf[] =>
    isSetting(node) ? [[above + name, node]] : leavesOf(node, `${above}${name}.`),
  );
}

/** The winning value of a setting, or undefined when nobody gave one. An empty variable counts as not given, as compose files leave them. */
export function given(setting: Setting<unknown>, { flags, env, yaml }: Layers): Given | undefined {
  const flag = present(setting.env && flags[setting.env]);
  if (flag !== undefined) return { value: flag, origin: 'flag', key: setting.flag ?? setting.env! };
  const variable = present(setting.env && env[setting.env]);
  if (variable !== undefined) return { value: variable, origin: 'environment', key: setting.env! };
  const inFile = setting.yaml === undefined ? undefined : valueAt(yaml, setting.yaml);
  return inFile === undefined ? undefined : { value: inFile, origin: 'yaml', key: `backup.${setting.yaml}` };
}

const present = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function valueAt(yaml: unknown, path: string): unknown {
  let value = yaml;
  for (const name of path.split('.')) value = isMapping(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value ?? undefined;
}

/** Reads the YAML file's `backup:`; whatever is wrong with the file is added to `problems`. */
export function readYaml(path: string, readFile: (path: string) => string, problems: ConfigProblem[]): unknown {
  try {
    const file: unknown = parse(readFile(path)) ?? {};
    if (!isMapping(file)) throw new Error('it is not a mapping with the top key `backup:`');
    for (const key of Object.keys(file)) {
      if (key !== 'backup') problems.push({ key, message: `is not known at the top of ${path}; settings stand below \`backup:\`` });
    }
    return file['backup'] ?? {};
  } catch (error) {
    problems.push({ key: 'DR_CONFIG', message: `${path} cannot be read: ${error instanceof Error ? error.message : error}` });
    return {};
  }
}

/** Keys of the YAML file that mean nothing to us: a typo must not become a default without a word. */
export function unknownYamlKeys(yaml: unknown, leaves: readonly Leaf[]): ConfigProblem[] {
  const known = leaves.flatMap(([, { yaml: path }]) => (path === undefined ? [] : [path]));
  return isMapping(yaml) ? unknownBelow(yaml, '', known) : [{ key: 'backup', message: 'must be a mapping of settings' }];
}

function unknownBelow(mapping: Record<string, unknown>, above: string, known: readonly string[]): ConfigProblem[] {
  return Object.entries(mapping).flatMap(([name, value]): ConfigProblem[] => {
    const path = above + name;
    if (known.includes(path)) return [];
    if (!known.some((k) => k.startsWith(`${path}.`)))
      return [{ key: `backup.${path}`, message: `is not a setting.${suggestion(path, known)}` }];
    if (value === null) return [];
    return isMapping(value)
      ? unknownBelow(value, `${path}.`, known)
      : [{ key: `backup.${path}`, message: 'must be a mapping of settings' }];
  });
}

/** Variables that look like ours and are not: warned of, not refused, since another program may own them. */
export function unknownVariables(env: Environment, leaves: readonly Leaf[]): string[] {
  const known = ['DR_CONFIG', ...leaves.flatMap(([, { env: name }]) => name ?? [])];
  const ours = Object.keys(env).filter((name) => name.startsWith('BACKUP_') && !known.includes(name));
  return ours.map((name) => `${name} is set but is not a setting.${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const near = known.map((k) => ({ k, distance: editDistance(name, k) })).sort((a, b) => a.distance - b.distance)[0];
  return near && near.distance <= 3 ? ` Did you mean ${near.k}?` : '';
}

/** Levenshtein's distance: single-letter edits from one word to the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
