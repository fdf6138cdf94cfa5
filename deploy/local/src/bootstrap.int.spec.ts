/** The bootstrap as a process, in a small checkout of its own: nothing is downloaded, the supervisor is three lines long. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDir } from '../../../test/support/servers.ts';
import { identify } from '../bootstrap/identity.mjs';
import { isInstalled, runningProducts } from '../bootstrap/install.mjs';

const local = join(import.meta.dirname, '..');
const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => void child.kill('SIGKILL')));

const supervisor = `process.stdout.write('up ' + process.pid + ' ' + process.env.DR_HOME + '\\n');
let n = 0; process.on('SIGTERM', () => { process.stdout.write('term ' + ++n + '\\n'); setTimeout(() => process.exit(7), 100); }); setInterval(() => {}, 1000);`;

function checkout(files: Record<string, string> = {}): string {
  const root = freshDir('bootstrap');
  for (const name of ['bootstrap.mjs', 'bootstrap', 'runtime/package.json', 'runtime/package-lock.json'])
    cpSync(join(local, name), join(root, 'deploy/local', name), { recursive: true });
  symlinkSync(join(local, 'runtime', 'node_modules'), join(root, 'deploy/local/runtime/node_modules'));
  const all = {
    'package-lock.json': '{"packages":{}}',
    'tools/build.mjs':
      "import { appendFileSync, mkdirSync } from 'node:fs'; appendFileSync('builds', 'x'); mkdirSync('libs/a/dist', { recursive: true });",
    'libs/a/src/index.ts': '',
    'services/s/package.json': '{}',
    'cli/dr/bundle/package.json': '{}',
    'cli/dr/bundle/main.js': 'console.log(JSON.stringify(process.argv.slice(2)), process.version)',
    'deploy/local/src/main.ts': supervisor,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

function bootstrap(root: string, args: string[], node = process.execPath, home = join(root, 'home')) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(NODE_OPTIONS|DR_|JEST_)/.test(key)));
  const child = spawn(node, [join(root, 'deploy/local/bootstrap.mjs'), ...args], {
    env: { ...env, DR_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const seen = { out: '', err: '' };
  child.stdout.on('data', (bytes) => (seen.out += String(bytes)));
  child.stderr.on('data', (bytes) => (seen.err += String(bytes)));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const until = async (text: string) => {
    for (let waited = 0; waited < 10_000 && !seen.out.includes(text); waited += 20) await pause(20);
    expect(seen.out + seen.err).toContain(text);
  };
  return { child, seen, ended, until };
}

/** The Node that the user has, when it is not ours: the way without execve. */
function nodeOnPath(): string | undefined {
  const found = execFileSync('sh', ['-c', 'command -v node || true'], { encoding: 'utf8' }).trim();
  const version = found && execFileSync(found, ['--version'], { encoding: 'utf8' });
  return version && /^v2[0-2]\./.test(version) ? found : undefined;
}

const olderNode = nodeOnPath();

describe.each([
  ['this Node', process.execPath],
  ['an older Node', olderNode],
])('with %s', (_, node) => {
  const testHere = node ? test : test.skip;

  testHere('a second start is refused with exit code 1 before it touches anything', async () => {
    const root = checkout();
    const first = bootstrap(root, ['start'], node);
    await first.until('up ');
    writeFileSync(join(root, 'package-lock.json'), '{"packages":{"node_modules/x":{"version":"1"}}}'); // an installation would be due
    const before = [readdirSync(join(root, 'home')), readdirSync(join(root, '.build'))];
    const second = bootstrap(root, ['start'], node);
    expect(await second.ended).toBe(1);
    expect(second.seen.err).toMatch(/already running on .*home \(process \d+\)/);
    expect([readdirSync(join(root, 'home')), readdirSync(join(root, '.build'))]).toEqual(before);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(7);
    expect(first.seen.out).toContain('term 1');
  });

  testHere('builds once, and again when a source changed', async () => {
    const root = checkout();
    const builds = () => readFileSync(join(root, 'builds'), 'utf8').length;
    for (const expected of [1, 1]) {
      expect(await bootstrap(root, ['dr'], node).ended).toBe(0);
      expect(builds()).toBe(expected);
    }
    utimesSync(join(root, 'libs/a/src/index.ts'), 1, 1);
    expect(await bootstrap(root, ['dr'], node).ended).toBe(0);
    expect(builds()).toBe(2);
  });
});

test('a home that cannot be used is named with what to do', async () => {
  const root = checkout();
  const run = bootstrap(root, ['start'], process.execPath, join(root, 'package-lock.json', 'home'));
  expect(await run.ended).toBe(1);
  expect(run.seen.err).toMatch(/Cannot keep state in .*home: ENOTDIR.* Set DR_HOME/);
});

(olderNode ? test : test.skip)('when the waiting parent is killed, the supervisor notices', async () => {
  const main = `import { onStopSignals } from ${JSON.stringify(join(local, 'src', 'stop-signals.ts'))};
    onStopSignals({ stop: () => { process.stdout.write('noticed\\n'); process.exit(0); }, hurry: () => {}, now: () => 0 }, process.env.DR_LIFELINE_FD);
    process.stdout.write('up\\n'); setInterval(() => {}, 1000);`;
  const run = bootstrap(checkout({ 'deploy/local/src/main.ts': main }), ['start'], olderNode);
  await run.until('up');
  run.child.kill('SIGKILL');
  await run.until('noticed');
});

test('the command line gets its arguments, runs on Node 24, and has stdout for itself', async () => {
  const run = bootstrap(checkout(), ['dr', 'list', '--json', 'a b']);
  expect(await run.ended).toBe(0);
  expect(run.seen.out).toMatch(/^\["list","--json","a b"\] v24\./);
});

const isRoot = process.geteuid?.() === 0;
(isRoot ? test : test.skip)('a checkout of somebody else is refused in plain words, and the state lock is given back', () => {
  const [root, folder] = [checkout(), freshDir('other-user')];
  execFileSync('chmod', ['755', dirname(root), root]);
  execFileSync('chown', ['65534:65534', folder]);
  const env = { PATH: process.env['PATH'], DR_HOME: join(folder, 'home') };
  const args = [join(root, 'deploy/local/bootstrap.mjs'), 'start'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { uid: 65534, gid: 65534, cwd: '/', env, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^tributary-dr: This user \(id 65534\) may not write .*belongs to the user with id 0: start it as that user.*\n$/);
  expect(readdirSync(join(folder, 'home'))).toEqual([]);
});

test('flags go on to the supervisor, behind the checkout', async () => {
  const root = checkout({
    'deploy/local/src/main.ts': 'process.stdout.write(JSON.stringify(process.argv.slice(2)) + process.env.DR_ORIGINS)',
  });
  const run = bootstrap(root, ['start', '--port', '9']);
  expect(await run.ended).toBe(0);
  expect(run.seen.out).toBe(`${JSON.stringify([`${root}/`, '--port', '9'])}undefined`);
});

test('an installation that would take packages from a running product is refused', async () => {
  const root = checkout({ 'package-lock.json': '{"packages":{"node_modules/x":{"version":"1"}}}' });
  mkdirSync(join(root, '.build/running'), { recursive: true });
  writeFileSync(join(root, '.build/running/1.json'), JSON.stringify(identify()));
  const run = bootstrap(root, ['start']);
  expect(await run.ended).toBe(1);
  expect(run.seen.err).toContain(`runs from this checkout (process ${process.pid})`);
  expect(readdirSync(join(root, 'home'))).toEqual([]); // the lock is given back
});

test('a mark of a process that is gone does not count, nor does our own', () => {
  const root = freshDir('marks');
  mkdirSync(join(root, '.build/running'), { recursive: true });
  writeFileSync(join(root, '.build/running/1.json'), JSON.stringify({ pid: 4_000_000, started: 'x' }));
  writeFileSync(join(root, '.build/running/2.json'), JSON.stringify(identify()));
  expect(runningProducts(root)).toEqual([]);
  expect(existsSync(join(root, '.build/running/1.json'))).toBe(false);
});

describe('what counts as installed', () => {
  const wanted = {
    'node_modules/a': { version: '1', integrity: 'i' },
    'node_modules/dev': { version: '1', dev: true },
    'node_modules/elsewhere': { version: '1', optional: true, os: ['plan9'] },
    'libs/x': { version: '0' },
  };
  const state = (present: object, extra: object = {}) => {
    const root = freshDir('installed');
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { ...wanted, ...extra } }));
    writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: present }));
    return root;
  };
  const a = { 'node_modules/a': wanted['node_modules/a'] };
  const here = { 'node_modules/here': { version: '1', optional: true, os: [process.platform] } };

  test.each([
    ['everything but dev packages', state(a), 'production', false, true],
    ['no dev packages', state(a), 'all', false, false],
    ['all of them', state({ ...a, 'node_modules/dev': wanted['node_modules/dev'] }), 'all', false, true],
    ['another version', state({ 'node_modules/a': { version: '2', integrity: 'i' } }), 'production', false, false],
    ['other bytes', state({ 'node_modules/a': { version: '1', integrity: 'j' } }), 'production', false, false],
    ['no optional package of this platform', state(a, here), 'production', false, false],
    ['one that the registry did not have', state(a, here), 'production', true, true],
  ] as const)('%s', (_, root, scope, tried, expected) => expect(isInstalled(root, scope, tried)).toBe(expected));
});

describe('bin/dr', () => {
  const dr = join(local, '..', '..', 'bin', 'dr');

  test('execs our Node on the built command line, through links and from anywhere', () => {
    const root = checkout();
    cpSync(dr, join(root, 'bin/dr'));
    chmodSync(join(root, 'bin/dr'), 0o755);
    symlinkSync(join(root, 'bin/dr'), join(root, 'link'));
    const said = execFileSync(join(root, 'link'), ['show', 'x y'], { cwd: '/', encoding: 'utf8' });
    expect(said).toMatch(/^\["show","x y"\] v24\./);
  });

  test('the old script hands its command line over', () => {
    const root = checkout();
    for (const file of ['bin/dr', 'scripts/disaster_recovery.py']) cpSync(join(local, '..', '..', file), join(root, file));
    const python = execFileSync('sh', ['-c', 'command -v python3 || true'], { encoding: 'utf8' }).trim();
    if (!python) return expect(readFileSync(join(root, 'scripts/disaster_recovery.py'), 'utf8')).toContain('execv');
    const said = execFileSync(python, [join(root, 'scripts/disaster_recovery.py'), 'create', '--type', 'full'], { encoding: 'utf8' });
    expect(said).toMatch(/^\["create","--type","full"\]/);
  });
});
