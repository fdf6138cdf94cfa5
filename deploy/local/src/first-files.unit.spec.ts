import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Protection } from '@dr/config';
import { freshDir } from '../../../test/support/servers.ts';
import { checkPort, localUrl } from './check-port.ts';
import { ensureCredentials } from './credentials.ts';
import { ensurePassphrase } from './passphrase-file.ts';
import { RotatingLog } from './rotating-log.ts';
import { secretFile } from './secret-file.ts';
import { discoverServices, serviceSpec } from './services.ts';
import { signalCounter } from './stop-signals.ts';
import { welcome } from './welcome.ts';

const mode = (file: string): number => statSync(file).mode & 0o777;

describe('passphrase', () => {
  const question = (home: string) => ({
    home,
    repositoryPath: join(home, 'repository'),
    encryption: true,
    protection: 'absent' as Protection,
    source: { kind: 'home', path: join(home, 'passphrase') },
  });

  test('is made for a new local repository, readable by nobody else, and says what it is worth', () => {
    const home = freshDir('passphrase');
    const file = ensurePassphrase(question(home));
    expect(file).toBe(join(home, 'passphrase'));
    expect(mode(file!)).toBe(0o600);
    const lines = readFileSync(file!, 'utf8').trimEnd().split('\n');
    expect(lines.slice(0, -1).join(' ')).toMatch(/Without it NOTHING can be restored.*Copy this file to a safe place/);
    expect(lines.slice(0, -1).every((l) => l.startsWith('#'))).toBe(true);
    expect(lines.at(-1)).toMatch(/^[a-km-z2-9]{4}(-[a-km-z2-9]{4}){7}$/);
  });

  test('is the same ever after', () => {
    const home = freshDir('passphrase');
    ensurePassphrase(question(home));
    const first = readFileSync(join(home, 'passphrase'), 'utf8');
    expect(ensurePassphrase(question(home))).toBeUndefined();
    expect(readFileSync(join(home, 'passphrase'), 'utf8')).toBe(first);
  });

  test('an existing repository never gets a new one', () => {
    const home = freshDir('passphrase');
    for (const protection of ['encrypted', 'unknown'] as const) {
      expect(() => ensurePassphrase({ ...question(home), protection })).toThrow(/its passphrase in .* is gone/);
      expect(() => ensurePassphrase({ ...question(home), protection, encryption: false })).toThrow(/is gone/);
    }
  });

  test('a repository that was made without encryption needs none ever after', () => {
    const home = freshDir('passphrase');
    expect(ensurePassphrase({ ...question(home), protection: 'plain' })).toBeUndefined();
    expect(readdirSync(home)).toEqual([]);
  });

  test.each([
    ['given by the user', { source: { kind: 'file', path: '/k' } }],
    ['missing', { source: { kind: 'missing' } }],
    ['not wanted', { encryption: false }],
  ])('none is made when it is %s', (_, change) => {
    expect(ensurePassphrase({ ...question(freshDir('passphrase')), ...change })).toBeUndefined();
  });
});

describe('credentials', () => {
  test('hold a random 256-bit key, made once; the URL follows the port', () => {
    const home = freshDir('credentials');
    const first = ensureCredentials(home, 'http://127.0.0.1:1');
    expect(first).toMatchObject({ isNew: true, url: 'http://127.0.0.1:1' });
    expect(Buffer.from(first.api_key.replace(/^dr_/, ''), 'base64url')).toHaveLength(32);
    expect(mode(first.file)).toBe(0o600);
    const second = ensureCredentials(home, 'http://127.0.0.1:2', 'k'.repeat(40));
    expect(second).toMatchObject({ isNew: false, url: 'http://127.0.0.1:2', api_key: first.api_key });
    expect(JSON.parse(readFileSync(second.file, 'utf8'))).toEqual({ url: second.url, api_key: first.api_key });
  });

  test('take DR_BOOTSTRAP_API_KEY at the first start', () => {
    expect(ensureCredentials(freshDir('credentials'), 'http://x', 'k'.repeat(40)).api_key).toBe('k'.repeat(40));
  });

  test('the key is shown to a terminal only, and only the first time', () => {
    const credentials = { url: 'http://x', api_key: 'dr_secret', file: '/h/credentials.json', isNew: true };
    const about = { credentials, home: '/h', sourceRoot: '/h/d', repositoryPath: '/h/r', folder: '/h', seconds: 1, isBroken: false };
    expect(welcome({ ...about, terminal: true }).join('\n')).toContain('dr_secret');
    expect(welcome({ ...about, terminal: false }).join('\n')).not.toContain('dr_secret');
    expect(welcome({ ...about, terminal: true, credentials: { ...credentials, isNew: false } }).join('\n')).not.toContain('dr_secret');
  });
});

test('a secret is never overwritten and its mode is put right', () => {
  const file = join(freshDir('secret'), 'folder', 'secret');
  expect(secretFile(file, () => 'one')).toBe('one');
  expect(secretFile(file, () => 'two')).toBe('one');
  expect(mode(file)).toBe(0o600);
});

test('a log is moved aside at its limit, and three older ones are kept', () => {
  const file = join(freshDir('log'), 'x.log');
  const log = new RotatingLog(file, 10);
  for (const line of ['one-1234', 'two-1234', 'three-12', 'four-123', 'five-123', 'six-1234']) log.write(`${line}\n`);
  log.close();
  const kept = [file, `${file}.1`, `${file}.2`, `${file}.3`].map((f) => readFileSync(f, 'utf8').trim());
  expect(kept).toEqual(['six-1234', 'five-123', 'four-123', 'three-12']);
  expect(() => statSync(`${file}.4`)).toThrow();
  const again = new RotatingLog(file, 10);
  again.write('more\n');
  again.close();
  expect(readFileSync(file, 'utf8')).toBe('more\n');
});

test('signals within two seconds are one; a later one hurries', () => {
  const [seen, clock] = [[] as string[], { ms: 1000 }];
  const signal = signalCounter({ stop: () => seen.push('stop'), hurry: () => seen.push('hurry'), now: () => clock.ms });
  signal();
  clock.ms += 1999;
  signal();
  expect(seen).toEqual(['stop']);
  clock.ms += 1;
  signal();
  expect(seen).toEqual(['stop', 'hurry']);
});

test('a port that is taken is told with DR_PORT; 0 is any free one', async () => {
  const port = await checkPort('127.0.0.1', 0);
  expect(await checkPort('127.0.0.1', port)).toBe(port);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await expect(checkPort('127.0.0.1', port)).rejects.toThrow(/DR_PORT/);
  await new Promise((resolve) => server.close(resolve));
});

test.each([
  ['127.0.0.1', 'http://127.0.0.1:80'],
  ['0.0.0.0', 'http://127.0.0.1:80'],
  ['::1', 'http://[::1]:80'],
])('clients here reach %s at %s', (host, url) => expect(localUrl(host, 80)).toBe(url));

test('services are the folders with a built main, and get no secret of the supervisor', () => {
  const folder = freshDir('services');
  for (const name of ['b', 'a', 'unbuilt']) mkdirSync(join(folder, name, 'dist'), { recursive: true });
  for (const name of ['b', 'a']) writeFileSync(join(folder, name, 'dist', 'main.js'), '');
  expect(discoverServices(folder)).toEqual(['a', 'b']);
  rmSync(join(folder, 'a'), { recursive: true });
  expect(discoverServices(folder)).toEqual(['b']);
  const environment = { DATABASE_ADMIN_URL: 'x', DR_BOOTSTRAP_API_KEY: 'x', npm_config_y: 'x', BACKUP_PATH: '/b', PATH: '/bin' };
  const common = { servicesFolder: folder, home: '/h', databaseUrl: 'db', natsUrl: 'n', ownNats: true, credentialsFile: '/c', environment };
  const { env, args } = serviceSpec('b', common);
  expect(env).toEqual({
    BACKUP_PATH: '/b',
    PATH: '/bin',
    NODE_ENV: 'production',
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: '262144',
    MALLOC_TRIM_THRESHOLD_: '262144',
    DR_HOME: '/h',
    DATABASE_URL: 'db',
    NATS_URL: 'n',
    DR_NATS_USER: 'b',
    DR_NATS_PASSWORD_FILE: '/h/secrets/nats-b',
    DR_ORIGINS: 'DR_NATS_USER=start,DR_NATS_PASSWORD_FILE=start,DR_HOME=start,DATABASE_URL=start,NATS_URL=start',
  });
  expect(args.at(-1)).toBe(join(folder, 'b', 'dist', 'main.js'));
  expect(serviceSpec('gateway', { ...common, ownNats: false }).env).toMatchObject({ DR_CREDENTIALS_FILE: '/c' });
  expect(serviceSpec('gateway', { ...common, ownNats: false }).env).not.toHaveProperty('DR_NATS_USER');
});

test('services get flags and what the start chose, and can tell them from what the user set', () => {
  const environment = { DATABASE_URL: 'db', DR_PORT: '0', DR_LOG_LEVEL: 'warn', DR_HOME: '/h', DR_ORIGINS: 'DR_HOME=start' };
  const common = { servicesFolder: '/s', home: '/h', databaseUrl: 'db', natsUrl: 'n', ownNats: false, credentialsFile: '/c', environment };
  const { env } = serviceSpec('b', { ...common, flags: { DR_LOG_LEVEL: 'debug' }, chosen: { DR_PORT: '4711' } });
  expect(env).toMatchObject({
    DR_LOG_LEVEL: 'debug',
    DR_PORT: '4711',
    DR_ORIGINS: 'DR_HOME=start,DR_PORT=start,NATS_URL=start,DR_LOG_LEVEL=flag',
  });
});
