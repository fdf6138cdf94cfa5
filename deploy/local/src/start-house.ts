/** `npm start` once Node 24, the packages and the build are there: every part in its order. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type Config, loadConfig } from '@dr/config';
import { compareRule } from '@dr/deeplake';
import { checkPort, localUrl } from './check-port.ts';
import { checkRepository } from './check-repository.ts';
import { type CredentialsFile, ensureCredentials } from './credentials.ts';
import { GatewayClient } from './demo/gateway-client.ts';
import { runDemo } from './demo/run-demo.ts';
import { isUnused, makeSample } from './demo/sample.ts';
import { freePort } from './free-port.ts';
import { House } from './house.ts';
import { followSubscribers, natsPart } from './nats-part.ts';
import { ensurePassphrase } from './passphrase-file.ts';
import { type DatabaseUrls, postgresPart } from './postgres-part.ts';
import { stopOrphans } from './process-record.ts';
import { discoverServices, serviceSpec } from './services.ts';
import { StartError } from './start-error.ts';
import { welcome } from './welcome.ts';

export interface HouseSetting {
  house: House;
  home: string;
  /** The checkout. */
  root: string;
  environment: Record<string, string | undefined>;
  /** Of the command line, by the variables that they override. */
  flags: Record<string, string | undefined>;
  say: (line: string) => void;
  terminal: boolean;
  now: () => number;
}

/** @returns when everything is ready, the demo of a first start included. @throws StartError, ConfigurationError, StoppedWhileStarting. */
export async function startHouse(setting: HouseSetting): Promise<void> {
  const { house, home, root, environment, flags, say, now } = setting;
  const since = now();
  const config = loadConfig({ env: { ...environment, DR_HOME: home }, flags, needs: ['passphrase'] });
  for (const warning of config.warnings) say(`warning: ${warning}`);
  await endOrphans(setting);
  const port = await checkPort(config.server.host, config.server.port);
  const passphrase = passphraseFor(config, say);
  const demo = demoState(config, environment);
  mkdirSync(config.deeplake.root, { recursive: true });
  const credentials = ensureCredentials(home, localUrl(config.server.host, port), config.server.bootstrapApiKey);
  const trouble = await checkRepository(config, now);
  if (trouble !== undefined) say(`warning: the backup repository cannot be opened. ${trouble}`);
  const [database, nats] = await Promise.all([startDatabase(setting, config), startNats(setting, config)]);
  const services = servicesOf(root);
  const specs = services.map((name) =>
    serviceSpec(name, {
      servicesFolder: join(root, 'services'),
      home,
      databaseUrl: database.app,
      natsUrl: nats.url,
      ownNats: nats.own,
      credentialsFile: credentials.file,
      environment,
      flags,
      chosen: { ...(config.server.port === 0 && { DR_PORT: String(port) }), ...(passphrase && { BACKUP_PASSPHRASE_FILE: passphrase }) },
    }),
  );
  await house.start(...specs);
  const gateway = new GatewayClient(credentials.url, credentials.api_key, house.signal);
  await gateway.untilAccepted();
  await showDemo(setting, config, gateway, demo);
  showWelcome(setting, config, credentials, { ms: now() - since, isBroken: trouble !== undefined });
}

async function endOrphans({ house, say }: HouseSetting): Promise<void> {
  const orphans = await stopOrphans(house.runFolder);
  if (orphans.length > 0) say(`stopped what an earlier start had left running: ${orphans.join(', ')}`);
}

/** @returns the passphrase file that services are to use, when it is the one in DR_HOME. */
function passphraseFor(config: Config, say: (line: string) => void): string | undefined {
  const source = config.passphrase;
  const { home, backup, repository } = config;
  const { protection } = repository;
  const made = ensurePassphrase({ home, repositoryPath: backup.path, protection, encryption: backup.encryption, source });
  if (made) {
    say(`made a passphrase for the new backup repository: ${made}`);
    say('  WITHOUT IT NOTHING CAN BE RESTORED. Copy that file to a safe place that is not on this machine.');
  }
  return source.kind === 'home' && existsSync(source.path) ? source.path : undefined;
}

async function startDatabase({ house, home, environment }: HouseSetting, config: Config): Promise<DatabaseUrls> {
  const urls = config.database.url
    ? { app: config.database.url, admin: config.database.adminUrl ?? config.database.url }
    : await embeddedDatabase(house, home);
  try {
    await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'migrate.ts')], {
      env: { ...environment, DATABASE_ADMIN_URL: urls.admin },
      signal: house.signal,
    });
  } catch (error) {
    const { stderr = '', message } = error as { stderr?: string; message: string };
    const where = config.database.url
      ? 'Is DATABASE_ADMIN_URL (or DATABASE_URL) the URL of a role that owns the database?'
      : `See ${home}/logs/postgres.log.`;
    throw new StartError(
      'local.migration',
      `The database could not be brought up to date. ${where}\n${stderr.trim().slice(-2000) || message}`,
    );
  }
  return urls;
}

async function embeddedDatabase(house: House, home: string): Promise<DatabaseUrls> {
  const part = await postgresPart(home, await freePort());
  await house.start(part.spec);
  return part.prepare();
}

async function startNats({ house, home, root, say }: HouseSetting, config: Config): Promise<{ url: string; own: boolean }> {
  if (config.nats.url) return { url: config.nats.url, own: false };
  const port = await freePort();
  await house.start(await natsPart(home, port, servicesOf(root)));
  followSubscribers({ home, port, services: servicesOf(root), say }, () => house.pidOf('nats'));
  return { url: `nats://127.0.0.1:${port}`, own: true };
}

function servicesOf(root: string): string[] {
  const services = discoverServices(join(root, 'services'));
  if (services.includes('gateway')) return services;
  throw new StartError('local.not_built', 'No service is built (services/gateway/dist/main.js is missing). Run `npm run build`.');
}

type DemoState = 'wanted' | 'done' | 'skipped';
const demoFile = (home: string): string => join(home, 'demo.json');

/** Decided once per DR_HOME, before anything is made: the sample belongs into a source root that nobody uses yet, and into no repository of an earlier house. */
function demoState({ home, deeplake, repository }: Config, environment: HouseSetting['environment']): DemoState {
  if (existsSync(demoFile(home))) return (JSON.parse(readFileSync(demoFile(home), 'utf8')) as { state: DemoState }).state;
  const state = environment['DR_DEMO'] !== '0' && isUnused(deeplake.root) && repository.protection === 'absent' ? 'wanted' : 'skipped';
  keepDemoState(home, state);
  return state;
}

function keepDemoState(home: string, state: DemoState): void {
  mkdirSync(dirname(demoFile(home)), { recursive: true, mode: 0o700 });
  writeFileSync(demoFile(home), JSON.stringify({ state }), { mode: 0o600 });
}

async function showDemo({ root, say, now }: HouseSetting, config: Config, gateway: GatewayClient, state: DemoState): Promise<void> {
  if (state !== 'wanted') return;
  const sourceRoot = config.deeplake.root;
  makeSample(join(root, 'test', 'fixtures'), sourceRoot);
  await runDemo({ gateway, sourceRoot, takesPart: compareRule, say, now });
  keepDemoState(config.home, 'done');
}

interface Started {
  ms: number;
  isBroken: boolean;
}

function showWelcome(
  { home, root, terminal, say }: HouseSetting,
  config: Config,
  credentials: CredentialsFile,
  { ms, isBroken }: Started,
): void {
  const { deeplake, backup } = config;
  const lines = welcome({
    credentials,
    home,
    sourceRoot: deeplake.root,
    repositoryPath: backup.path,
    terminal,
    folder: root,
    seconds: ms / 1000,
    isBroken,
  });
  for (const line of lines) say(line);
}
