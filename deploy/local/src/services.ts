/** The services of the house: every folder below services/ that has a built main. A new service is a new folder. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { natsPasswordFile } from './nats-part.ts';
import type { ProcessSpec } from './supervised-process.ts';

/** @returns names in the order of the alphabet. */
export function discoverServices(servicesFolder: string): string[] {
  if (!existsSync(servicesFolder)) return [];
  return readdirSync(servicesFolder)
    .filter((name) => existsSync(join(servicesFolder, name, 'dist', 'main.js')))
    .sort();
}

export interface ServiceSetting {
  servicesFolder: string;
  home: string;
  databaseUrl: string;
  natsUrl: string;
  /** False when NATS_URL points to somebody else's server: its URL carries what it needs. */
  ownNats: boolean;
  credentialsFile: string;
  environment: Record<string, string | undefined>;
  /** Of the command line, by the variables that they override. */
  flags?: Record<string, string | undefined>;
  /** What this start chose by itself, such as a free port. */
  chosen?: Record<string, string | undefined>;
}

/** Only the supervisor needs these: the owner role's URL, the first key, how it was started itself. */
const keptBack = /^(DATABASE_ADMIN_URL|DR_BOOTSTRAP_API_KEY|DR_LOCK_FILE|DR_LIFELINE_FD|DR_API_KEY|DR_URL|npm_.*|INIT_CWD)$/;

/**
 * Small young generations: a service waits most of its life, and its threads keep their bytes outside the heap. Left to itself V8 lets a heap of
 * 40 MB grow to 70, or not, as it measures its own speed. Source maps would stay in memory for every module
 * (`NODE_OPTIONS=--enable-source-maps` has them when a stack must be read). For the last flag see bootstrap.mjs.
 */
export const NODE_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=80', '--no-memory-protection-keys'];

/**
 * glibc raises its threshold for giving memory back whenever a large block is freed, and a service that handles pieces of megabytes then
 * keeps all it ever had: 475 MB instead of 250 MB after three backups of 490 MB. Fixed thresholds give blocks back at once.
 */
const MALLOC = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144', MALLOC_TRIM_THRESHOLD_: '262144' };

/** How to run one service under this Node. */
export function serviceSpec(name: string, setting: ServiceSetting): ProcessSpec {
  const { environment, flags = {} } = setting;
  const passed = Object.entries({ ...environment, ...flags }).filter(([key]) => !keptBack.test(key));
  const chosen = chosenFor(name, setting);
  return {
    name,
    command: process.execPath,
    args: [...NODE_FLAGS, join(setting.servicesFolder, name, 'dist', 'main.js')],
    env: {
      ...MALLOC,
      ...Object.fromEntries(passed),
      ...chosen,
      NODE_ENV: 'production',
      DR_ORIGINS: originsOf(setting, chosen),
      ...(name === 'gateway' ? { DR_CREDENTIALS_FILE: setting.credentialsFile } : {}),
    },
    stop: { order: 0, signal: 'SIGTERM', graceMs: 20_000 },
  };
}

function chosenFor(name: string, { home, databaseUrl, natsUrl, ownNats, chosen = {} }: ServiceSetting): Record<string, string | undefined> {
  const nats = ownNats ? { DR_NATS_USER: name, DR_NATS_PASSWORD_FILE: natsPasswordFile(home, name) } : {};
  return { ...chosen, ...nats, DR_HOME: home, DATABASE_URL: databaseUrl, NATS_URL: natsUrl };
}

/** So that a service can tell where its values came from first: `DATABASE_URL=start` when nobody but us gave it (see `Origin`). */
function originsOf({ environment, flags = {} }: ServiceSetting, chosen: Record<string, string | undefined>): string {
  const ours = Object.keys(chosen).filter((key) => chosen[key] !== environment[key]);
  const entries = [...ours.map((key) => `${key}=start`), ...Object.keys(flags).map((key) => `${key}=flag`)];
  return [environment['DR_ORIGINS'], ...entries].filter((entry) => entry).join(',');
}
