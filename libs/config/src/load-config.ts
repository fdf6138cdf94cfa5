import { join, resolve } from 'node:path';
import type * as z from 'zod';
import { type ConfigProblem, ConfigurationError } from './errors.ts';
import { type Given, given, type Layers, type Leaf, leavesOf, type Origin, readYaml } from './layers.ts';
import { type PassphraseSource, passphraseSource } from './passphrase.ts';
import { type Protection, passphraseNeeded, protectionOf, protectionWarnings } from './protection.ts';
import { backendBuilt, hostAllowed, repositoryApart } from './rules.ts';
import { quoted } from './secrets.ts';
import type { ValuesOf } from './setting.ts';
import { settings } from './settings.ts';
import { type Environment, systemCores, systemFolder, systemReadFile, systemRealPath } from './system.ts';
import { unknownVariables, unknownYamlKeys } from './unknown-names.ts';
import { warningsOf } from './warnings.ts';

type Values = ValuesOf<typeof settings>;

/** The whole configuration, checked and frozen. Paths are absolute. Secrets are in it: show `effectiveConfig(config)`, never this. */
export interface Config extends Omit<Values, 'passphrase'> {
  readonly passphrase: PassphraseSource;
  /** Where the repository lies, as `openStore` of @dr/storage takes it. */
  readonly repository: { readonly uri: string /** As it was found when the configuration was read. */; readonly protection: Protection };
  /** Of every setting, by its path in this object (`backup.compressionLevel`), where its value came from. */
  readonly origins: Readonly<Record<string, Origin>>;
  /** Of every setting that somebody gave, the key under which they did: a variable, a YAML path or a flag. */
  readonly keys: Readonly<Record<string, string>>;
  /** What the user should read at start although it stops nothing. */
  readonly warnings: readonly string[];
}

/** What a program cannot do without; a missing one is a problem that names the key. */
export type Need = 'database' | 'nats' | 'passphrase';

export type ConfigWith<N extends Need> = Config &
  ('database' extends N ? { readonly database: { readonly url: string } } : unknown) &
  ('nats' extends N ? { readonly nats: { readonly url: string } } : unknown);

export interface LoadOptions<N extends Need> {
  readonly env: Environment;
  /** Values of command-line flags, by the name of the variable that they override: `{ BACKUP_PASSPHRASE_FILE: '/k' }`. */
  readonly flags?: Environment;
  readonly needs?: readonly N[];
  readonly readFile?: (path: string) => string;
  readonly realPath?: (path: string) => string;
  /** The folder that relative paths are relative to. */
  readonly folder?: string;
  readonly cores?: number;
}

const LEAVES = leavesOf(settings);

/**
 * Reads the configuration: defaults, then the YAML file named by DR_CONFIG, then the environment, then flags; the later wins.
 * @throws ConfigurationError with every problem at once, each naming its key.
 */
export function loadConfig<N extends Need = never>(options: LoadOptions<N>): ConfigWith<N> {
  const problems: ConfigProblem[] = [];
  const layers = readLayers(options, problems);
  const read = readValues(layers, problems);
  const warnings = [...warningsOf(LEAVES, read), ...unknownVariables(layers.env, LEAVES)];
  const config = derive(read, { ...options, problems, warnings });
  problems.push(...missingNeeds(config, options.needs ?? []));
  if (problems.length > 0) throw new ConfigurationError(problems);
  return deepFreeze(config) as ConfigWith<N>;
}

function readLayers(
  { env, flags = {}, readFile = systemReadFile, folder = systemFolder() }: LoadOptions<Need>,
  problems: ConfigProblem[],
): Layers {
  const file = flags['DR_CONFIG'] || env['DR_CONFIG'];
  const yaml = file ? readYaml(resolve(folder, file), readFile, problems) : {};
  problems.push(...unknownYamlKeys(yaml, LEAVES));
  return { flags, env, yaml };
}

interface ReadValues {
  readonly values: Values;
  readonly given: ReadonlyMap<string, Given>;
}

function readValues(layers: Layers, problems: ConfigProblem[]): ReadValues {
  const values = {};
  const all = new Map<string, Given>();
  for (const [path, setting] of LEAVES) {
    const found = given(setting, layers);
    if (found) all.set(path, found);
    put(values, path, found ? checked([path, setting], found, problems) : setting.fallback);
  }
  return { values: values as Values, given: all };
}

/** The value that the schema makes of what was given; the default stands in for a bad one, so that the other checks can go on. */
function checked([, setting]: Leaf, found: Given, problems: ConfigProblem[]): unknown {
  if (setting.refused) {
    problems.push({ key: found.key, message: `is not built in this version: ${setting.refused}` });
    return setting.fallback;
  }
  const result = setting.schema.safeParse(found.value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap(issuesOf);
  for (const { path, message } of issues)
    problems.push({ key: [found.key, ...path].join('.'), message: message + (setting.secret ? '' : quoted(found.value)) });
  return setting.fallback;
}

/** Unknown fields of a mapping are told one by one, as unknown settings are. */
function issuesOf({ path, message, ...issue }: z.core.$ZodIssue): { path: string[]; message: string }[] {
  const at = path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path: at, message }];
  return issue.keys.map((key) => ({ path: [...at, key], message: 'is not a setting' }));
}

function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop()!;
  let at = target;
  for (const name of names) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[last] = value;
}

type DeriveOptions = LoadOptions<Need> & { problems: ConfigProblem[]; warnings: string[] };

/** Fills in what follows from other values, and checks the values against each other. */
function derive({ values, given: all }: ReadValues, options: DeriveOptions): Config {
  const { problems, folder = systemFolder(), cores = systemCores(), realPath = systemRealPath, readFile = systemReadFile } = options;
  const home = resolve(folder, values.home);
  const below = (path: string, name: string) => (path === '' ? join(home, name) : resolve(folder, path));
  const root = below(values.deeplake.root, 'deeplake');
  const path = below(values.backup.path, 'repository');
  problems.push(...backendBuilt(values.backup.storage, all.get('backup.storage')));
  problems.push(...repositoryApart(path, root, all.get('backup.path')?.key ?? 'BACKUP_PATH', realPath));
  problems.push(...hostAllowed(values.server.host, values.server.insecureHttp));
  const backup = {
    ...values.backup,
    path,
    parallelWorkers: values.backup.parallelWorkers || cores,
    logFile: absolute(folder, values.backup.logFile),
  };
  const protection = protectionOf(path, readFile);
  const asked = { repository: path, encryption: backup.encryption, key: all.get('backup.encryption')?.key };
  const secrets = { value: values.passphrase.value, file: absolute(folder, values.passphrase.file), command: values.passphrase.command };
  const fileByFlag = all.get('passphrase.file')?.origin === 'flag';
  return {
    ...values,
    home,
    backup,
    deeplake: { root },
    nats: natsWithPassword(values.nats, options),
    passphrase: passphraseSource(secrets, { home, repository: path, fileByFlag, problems }),
    repository: { uri: `file://${path}`, protection },
    origins: Object.fromEntries(LEAVES.map(([at]) => [at, all.get(at)?.origin ?? 'default'])),
    keys: Object.fromEntries([...all].map(([at, { key }]) => [at, key])),
    warnings: [...options.warnings, ...protectionWarnings(protection, asked)],
  };
}

const absolute = (folder: string, path: string | undefined) => (path === undefined ? undefined : resolve(folder, path));

function natsWithPassword(
  nats: Values['nats'],
  { readFile = systemReadFile, folder = systemFolder(), problems }: DeriveOptions,
): Values['nats'] {
  const passwordFile = absolute(folder, nats.passwordFile);
  if (passwordFile === undefined) return nats;
  try {
    return { ...nats, passwordFile, password: readFile(passwordFile).trim() };
  } catch (error) {
    problems.push({ key: 'DR_NATS_PASSWORD_FILE', message: `${passwordFile} cannot be read: ${(error as Error).message}` });
    return nats;
  }
}

function missingNeeds(config: Config, needs: readonly Need[]): ConfigProblem[] {
  const missing: Record<Need, ConfigProblem | undefined> = {
    database: config.database.url ? undefined : { key: 'DATABASE_URL', message: 'is needed: the URL of the PostgreSQL database' },
    nats: config.nats.url ? undefined : { key: 'NATS_URL', message: 'is needed: the URL of the NATS server' },
    passphrase:
      config.passphrase.kind === 'missing' && passphraseNeeded(config.repository.protection, config.backup.encryption)
        ? {
            key: 'BACKUP_PASSPHRASE_FILE',
            message: 'is needed (or BACKUP_PASSPHRASE, or BACKUP_PASSPHRASE_COMMAND) for a repository outside DR_HOME',
          }
        : undefined,
  };
  return needs.flatMap((need) => missing[need] ?? []);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
