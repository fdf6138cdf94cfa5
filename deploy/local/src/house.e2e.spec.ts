/** The supervisor as a process of its own, with real PostgreSQL and NATS and with services that do nothing. Needs a build (`npm test` makes it). */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { initRepository } from '@dr/repository';
import { openStore } from '@dr/storage';
import pg from 'pg';
import { freshDatabase, freshDir, natsServer } from '../../../test/support/servers.ts';
import { isAlive, type ProcessIdentity } from '../bootstrap/identity.mjs';
import { freePort } from './free-port.ts';

const main = join(import.meta.dirname, 'main.ts');
const started: ChildProcess[] = [];

interface Running {
  child: ChildProcess;
  home: string;
  port: number;
  output: () => string;
  until: (text: string) => Promise<void>;
  ended: Promise<number | null>;
}

/** A checkout whose services only live and die as they are told. */
function fakeCheckout(names = ['gateway', 'catalog', 'archiver', 'restorer']): string {
  const root = freshDir('checkout');
  for (const name of names) {
    mkdirSync(join(root, 'services', name, 'dist'), { recursive: true });
    copyFileSync(join(import.meta.dirname, 'testing', 'fake-service.cjs'), join(root, 'services', name, 'dist', 'main.js'));
  }
  return root;
}

async function start(env: Record<string, string> = {}, home = freshDir('home'), flags: string[] = []): Promise<Running> {
  const port = await freePort();
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS|BACKUP_|DATABASE_|NATS_|DR_|JEST_)/.test(key)),
  );
  const child = spawn(process.execPath, [main, fakeCheckout(), ...flags], {
    env: { ...clean, DR_HOME: home, DR_PORT: String(port), DR_DEMO: '0', FAKE_JOURNAL: join(home, 'journal'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (bytes) => (text += String(bytes)));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const until = async (wanted: string) => {
    for (let waited = 0; waited < 20_000 && !text.includes(wanted); waited += 20) {
      if (child.exitCode !== null) break;
      await pause(20);
    }
    expect(text).toContain(wanted);
  };
  return { child, home, port, output: () => text, until, ended };
}

const records = (home: string): (ProcessIdentity & { name: string })[] =>
  readdirSync(join(home, 'run')).map((file) => JSON.parse(readFileSync(join(home, 'run', file), 'utf8')));

afterAll(() => started.forEach((child) => void child.kill('SIGTERM')));

test('starts everything, says where things are, and stops services first and PostgreSQL last', async () => {
  const house = await start();
  await house.until('Ctrl-C stops everything.');
  const parts = records(house.home);
  expect(parts.map((p) => p.name).sort()).toEqual(['archiver', 'catalog', 'gateway', 'nats', 'postgres', 'restorer']);
  expect(parts.every(isAlive)).toBe(true);
  expect(house.output()).toContain(`http://127.0.0.1:${house.port}`);
  expect(house.output()).not.toContain(JSON.parse(readFileSync(join(house.home, 'credentials.json'), 'utf8')).api_key);
  for (const secret of [
    'credentials.json',
    'passphrase',
    'secrets/nats-gateway',
    'secrets/postgres-app',
    'nats/nats.conf',
    'postgres/superuser',
  ]) {
    expect([secret, statSync(join(house.home, secret)).mode & 0o777]).toEqual([secret, 0o600]);
  }
  house.child.kill('SIGINT');
  house.child.kill('SIGINT'); // npm and the terminal both pass it on
  expect(await house.ended).toBe(0);
  expect(parts.some(isAlive)).toBe(false);
  expect(readFileSync(join(house.home, 'journal'), 'utf8').match(/stopped/g)).toHaveLength(4);
  expect(readdirSync(house.home).filter((f) => f.startsWith('lock.'))).toEqual([]);
});

test('no password is on a command line, and the app role may not change events', async () => {
  const house = await start();
  await house.until('Ctrl-C stops everything.');
  const secrets = readdirSync(join(house.home, 'secrets')).map((f) => readFileSync(join(house.home, 'secrets', f), 'utf8').trim());
  const lines = records(house.home).map(({ pid }) => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  expect(secrets.length).toBeGreaterThanOrEqual(6);
  expect(secrets.filter((secret) => lines.some((line) => line.includes(secret)))).toEqual([]);
  const environment = readFileSync(`/proc/${records(house.home).find((r) => r.name === 'catalog')!.pid}/environ`, 'utf8').split('\0');
  expect(environment.some((line) => line.startsWith('DATABASE_ADMIN_URL='))).toBe(false);
  const client = new pg.Client({ connectionString: environment.find((line) => line.startsWith('DATABASE_URL='))!.slice(13) });
  await client.connect();
  await expect(client.query('DELETE FROM events')).rejects.toThrow(/permission denied/);
  await expect(client.query("UPDATE events SET type = ''")).rejects.toThrow(/permission denied/);
  await client.end();
  house.child.kill('SIGTERM');
  expect(await house.ended).toBe(0);
});

test('after kill -9 the next start ends what was left and works on the same data, in seconds', async () => {
  const first = await start();
  await first.until('Ctrl-C stops everything.');
  const orphans = records(first.home);
  first.child.kill('SIGKILL');
  await first.ended;
  expect(orphans.filter((o) => ['nats', 'postgres'].includes(o.name)).every(isAlive)).toBe(true);
  const since = performance.now();
  const second = await start({}, first.home);
  await second.until('Ctrl-C stops everything.');
  expect(performance.now() - since).toBeLessThan(20_000);
  expect(second.output()).toMatch(/stopped what an earlier start had left running:.*postgres/);
  expect(orphans.some(isAlive)).toBe(false);
  second.child.kill('SIGTERM');
  expect(await second.ended).toBe(0);
});

test('a second one on the same home is refused before it touches anything', async () => {
  const house = await start();
  await house.until('Ctrl-C stops everything.');
  const before = records(house.home);
  const second = await start({}, house.home);
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`already running on ${house.home} (process ${house.child.pid})`);
  expect(records(house.home)).toEqual(before);
  expect(before.every(isAlive)).toBe(true);
  house.child.kill('SIGTERM');
  await house.ended;
});

test('a stop in the middle of the start stops what is there', async () => {
  const house = await start();
  for (let waited = 0; waited < 20_000 && !existsSync(join(house.home, 'run', 'postgres.json')); waited += 10) await pause(10);
  const parts = records(house.home);
  house.child.kill('SIGINT');
  expect(await house.ended).toBe(0);
  expect(parts.some(isAlive)).toBe(false);
  expect(house.output()).not.toContain('could not start');
});

test('DATABASE_URL, DATABASE_ADMIN_URL and NATS_URL replace the embedded parts', async () => {
  const [database, bus] = [await freshDatabase(), await natsServer()];
  const natsUrl = bus.url.replace('//', `//${bus.user}:${bus.pass}@`);
  const house = await start({ DATABASE_URL: database.appUrl, DATABASE_ADMIN_URL: database.adminUrl, NATS_URL: natsUrl });
  await house.until('Ctrl-C stops everything.');
  expect(
    records(house.home)
      .map((p) => p.name)
      .sort(),
  ).toEqual(['archiver', 'catalog', 'gateway', 'restorer']);
  expect(existsSync(join(house.home, 'postgres'))).toBe(false);
  house.child.kill('SIGTERM');
  expect(await house.ended).toBe(0);
  await database.drop();
});

test.each<[string, Record<string, string>, RegExp]>([
  [
    'a repository inside the source root',
    { DEEPLAKE_STORAGE_LOCATION: '/data/x', BACKUP_PATH: '/data/x/r' },
    /BACKUP_PATH: .*lies inside the source root/,
  ],
  ['a host beyond loopback', { DR_HOST: '0.0.0.0' }, /DR_HOST: .*DR_INSECURE_HTTP=1/],
  ['a backend that is not built', { BACKUP_STORAGE: 's3' }, /BACKUP_STORAGE: .*not built/],
])('%s is refused before anything starts', async (_, env, message) => {
  const house = await start(env);
  expect(await house.ended).toBe(1);
  expect(house.output()).toMatch(message);
  expect(existsSync(join(house.home, 'postgres'))).toBe(false);
  expect(existsSync(join(house.home, 'passphrase'))).toBe(false);
});

test('a new repository elsewhere without a passphrase is refused, with everything else that is wrong', async () => {
  const house = await start({ BACKUP_PATH: freshDir('elsewhere'), BACKUP_COMPRESSION_LEVEL: '20' });
  expect(await house.ended).toBe(1);
  expect(house.output()).toMatch(/2 problem\(s\).*BACKUP_COMPRESSION_LEVEL: must be at most 19.*BACKUP_PASSPHRASE_FILE: is needed/s);
});

test('a repository that was made without encryption starts without being told again, with a warning', async () => {
  const home = freshDir('home');
  mkdirSync(join(home, 'repository'));
  writeFileSync(join(home, 'repository', 'repository.json'), '{"format":1,"encryption":false}');
  const house = await start({}, home);
  await house.until('Ctrl-C stops everything.');
  expect(house.output()).toContain(`warning: The repository in ${home}/repository is not encrypted: whoever reads it reads the data.`);
  expect(existsSync(join(home, 'passphrase'))).toBe(false);
  house.child.kill('SIGTERM');
  expect(await house.ended).toBe(0);
});

test('flags override the environment; a word that is none of them stops the start with exit code 2', async () => {
  const [port, home] = [await freePort(), freshDir('home')];
  const house = await start({}, home, ['--port', String(port)]);
  await house.until('Ctrl-C stops everything.');
  expect(house.output()).toContain(`http://127.0.0.1:${port}`);
  house.child.kill('SIGTERM');
  expect(await house.ended).toBe(0);
  const wrong = await start({}, home, ['--prot', '1']);
  expect(await wrong.ended).toBe(2);
  expect(wrong.output()).toContain('--prot: is not a flag of npm start. Did you mean --port?');
  expect(readdirSync(home).filter((f) => f.startsWith('lock.'))).toEqual([]);
});

const isRoot = process.geteuid?.() === 0;
(isRoot ? test : test.skip)('an ordinary user can run it as well', async () => {
  const folder = freshDir('ordinary');
  const run = (command: string, args: string[]) => execFileSync(command, args, { encoding: 'utf8' });
  run('chmod', ['711', join(folder, '..')]);
  run('chown', ['65534:65534', folder]);
  const script = `import(${JSON.stringify(join(import.meta.dirname, 'embedded-postgres.ts'))}).then(async (m) => { const d = await m.openPostgresData(${JSON.stringify(join(folder, 'pg'))}, { durable: false }); console.log(JSON.stringify([process.geteuid(), m.postgresCommand(d, 1)[0].endsWith('/postgres')])); })`;
  const said = execFileSync(process.execPath, ['-e', script], {
    uid: 65534,
    gid: 65534,
    cwd: folder,
    env: { PATH: process.env['PATH'] },
    encoding: 'utf8',
  });
  expect(JSON.parse(said)).toEqual([65534, true]);
  expect(statSync(join(folder, 'pg', 'data')).uid).toBe(65534);
});

async function repositoryIn(home: string): Promise<string> {
  const folder = join(home, 'repository');
  const store = await openStore(folder);
  const kdf = { memoryKiB: 8, passes: 1, parallelism: 1 };
  await (await initRepository(store, { unlock: { passphrase: async () => 'right' }, kdf, workers: 1, now: Date.now })).close();
  await store.close();
  return folder;
}

test('a passphrase that does not open the repository keeps the house from starting, and is the reason', async () => {
  const home = freshDir('home');
  await repositoryIn(home);
  const house = await start({ BACKUP_PASSPHRASE: 'wrong' }, home);
  expect(await house.ended).toBe(1);
  expect(house.output()).toMatch(/could not start: .*passphrase.*Nothing was started/s);
  expect(house.output()).not.toContain('is ready');
  const again = await start({ BACKUP_PASSPHRASE: 'right' }, home);
  await again.until('Tributary DR is ready');
  again.child.kill('SIGTERM');
  await again.ended;
});

test('a repository that cannot be opened for another reason is a warning, and the house is not called ready', async () => {
  const home = freshDir('home');
  const folder = await repositoryIn(home);
  writeFileSync(join(folder, 'repository.json'), '{"format":1,"encryption":true,"rubbish":1}');
  const house = await start({ BACKUP_PASSPHRASE: 'right' }, home);
  await house.until('Ctrl-C stops everything.');
  expect(house.output()).toMatch(/warning: the backup repository cannot be opened\./);
  expect(house.output()).toContain('NO BACKUP CAN BE MADE OR RESTORED');
  house.child.kill('SIGTERM');
  await house.ended;
});
