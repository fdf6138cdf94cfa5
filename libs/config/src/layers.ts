import { parse } from 'yaml';
import type { ConfigProblem } from './errors.ts';
import { isSetting, type Setting, type SettingTree } from './setting.ts';
import type { Environment } from './system.ts';

/** Where a value came from; a later one wins over an earlier one. `start`: `npm start` chose it, such as the URL of the PostgreSQL that it runs. */
export type Origin = 'default' | 'yaml' | 'start' | 'environment' | 'flag';

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
  if (variable !== undefined) return { value: variable, origin: originOf(setting.env!, env), key: setting.env! };
  const inFile = setting.yaml === undefined ? undefined : valueAt(yaml, setting.yaml);
  return inFile === undefined ? undefined : { value: inFile, origin: 'yaml', key: `backup.${setting.yaml}` };
}

/** Variables that the supervisor set for its services keep the origin that they had there: DR_ORIGINS is `DATABASE_URL=start,DR_PORT=flag`. */
function originOf(variable: string, { DR_ORIGINS = '' }: Environment): Origin {
  const told = DR_ORIGINS.split(',').find((entry) => entry.startsWith(`${variable}=`));
  const origin = told?.slice(variable.length + 1);
  return origin === 'start' || origin === 'flag' ? origin : 'environment';
}

const present = (value: string | undefined): string | undefined => (value === '' ? undefined : value);

export const isMapping = (value: unknown): value is Record<string, unknown> =>
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
