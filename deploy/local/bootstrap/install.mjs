/** Brings Node 24, the packages and the build up to what the lock files and sources say, doing nothing when they are. Runs on Node 20. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { identify, isAlive } from './identity.mjs';

/** @param {string} line */
export const say = (line) => process.stderr.write(`tributary-dr: ${line}\n`);

/** A set-up step that failed, with what to do. */
export class SetupError extends Error {}

/** @param {string} root */
const workFolder = (root) => join(root, '.build');

/**
 * Our own Node 24, installed on first use.
 * @param {string} root the checkout
 * @returns {string} its absolute path
 */
export function ensureNode24(root) {
  const runtime = join(root, 'deploy', 'local', 'runtime');
  const name = `node-${process.platform}-${process.arch}`;
  const wanted = lockedPackages(runtime)[`node_modules/${name}`];
  if (!wanted) return currentNode24(name);
  const program = join(runtime, 'node_modules', name, 'bin', 'node');
  if (installedVersion(join(runtime, 'node_modules', name)) === wanted.version && existsSync(program)) return program;
  say(`installing Node ${wanted.version} into deploy/local/runtime (once, about 30 MB to load) …`);
  npm(process.execPath, runtime, ['ci', '--ignore-scripts', '--include=optional']);
  if (!existsSync(program))
    throw new SetupError(`npm did not install ${name} ${wanted.version} into ${runtime}. Is the package registry reachable?`);
  return program;
}

/** @param {string} name */
function currentNode24(name) {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new SetupError(
    `There is no package ${name} in deploy/local/runtime, and this is Node ${process.versions.node}. Install Node 24 and start again with it.`,
  );
}

/** @param {string} folder */
function installedVersion(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

/**
 * @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, dev?: boolean, optional?: boolean, devOptional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 */

/**
 * @param {string} folder
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(folder, file = 'package-lock.json') {
  try {
    return JSON.parse(readFileSync(join(folder, file), 'utf8')).packages;
  } catch {
    return {};
  }
}

/**
 * Whether node_modules holds what the lock file names for this scope. A missing optional package for this very platform counts as
 * missing only while we have not tried to install it (`tried`): registries do not have all of them.
 * @param {string} root
 * @param {'production' | 'all'} scope
 * @param {boolean} tried
 */
export function isInstalled(root, scope, tried) {
  const present = lockedPackages(join(root, 'node_modules'), '.package-lock.json');
  const wanted = Object.entries(lockedPackages(root)).filter(([path]) => path.includes('node_modules/'));
  return wanted.every(([path, entry]) => {
    if (scope === 'production' && (entry.dev || entry.devOptional)) return true;
    const found = present[path];
    if (found) return found.integrity === entry.integrity && found.version === entry.version;
    return entry.optional === true && (tried || !fitsPlatform(entry));
  });
}

/** @param {LockedPackage} entry */
function fitsPlatform({ os, cpu, libc }) {
  const fits = (/** @type {string[] | undefined} */ list, /** @type {string} */ mine) => !list || list.includes(mine);
  return fits(os, process.platform) && fits(cpu, process.arch) && (!libc || libc.includes('glibc'));
}

/**
 * `npm ci` under Node 24 (Node 20 would drop the optional packages that ask for Node 22) when the lock file changed; nothing is removed from
 * under a running product: adding the packages for tests only adds, and everything else is refused while it runs.
 * @param {string} root
 * @param {string} node24
 * @param {'production' | 'all'} scope
 */
export function ensurePackages(root, node24, scope) {
  const stampFile = join(workFolder(root), 'installed.json');
  const lockHash = digest([readFileSync(join(root, 'package-lock.json'), 'utf8'), node24]);
  const tried = readJson(stampFile)?.lock === lockHash;
  if (isInstalled(root, scope, tried)) return;
  const addOnly = scope === 'all' && isInstalled(root, 'production', tried);
  if (!addOnly) refuseWhileRunning(root);
  say(`installing packages${scope === 'all' ? ' with those for tests' : ''} from package-lock.json …`);
  const omit = scope === 'all' ? ['--include=dev'] : ['--omit=dev'];
  npm(node24, root, [...(addOnly ? ['install', '--no-save'] : ['ci']), '--ignore-scripts', '--include=optional', ...omit]);
  writeJson(stampFile, { lock: lockHash });
}

/** @param {string} root */
function refuseWhileRunning(root) {
  const running = runningProducts(root);
  if (running.length === 0) return;
  throw new SetupError(
    `package-lock.json changed, but Tributary DR runs from this checkout (process ${running.join(', ')}) and an installation would take its packages away. Stop it (Ctrl-C, or kill ${running[0]}) and start again.`,
  );
}

/**
 * Processes (other than this one) that said by `markRunning` that they use this checkout.
 * @param {string} root
 * @returns {number[]}
 */
export function runningProducts(root) {
  const folder = join(workFolder(root), 'running');
  const marks = existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  return marks.flatMap((file) => {
    const identity = readJson(file);
    if (identity && isAlive(identity)) return identity.pid === process.pid ? [] : [identity.pid];
    rmSync(file, { force: true });
    return [];
  });
}

/** @param {string} root */
export function markRunning(root) {
  writeJson(join(workFolder(root), 'running', `${process.pid}.json`), identify());
}

/**
 * Compiles what changed since the last build.
 * @param {string} root
 * @param {string} node24
 */
export function ensureBuild(root, node24) {
  const stampFile = join(workFolder(root), 'built.json');
  const packages = ['libs', 'services', 'cli'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)));
  const sources = [join(root, 'tools'), ...packages.map((p) => join(p, 'src'))].flatMap(filesBelow);
  const state = digest(sources.map((file) => `${file} ${statSync(file).size} ${statSync(file).mtimeMs}`));
  const complete = packages.every((p) => !hasEntry(join(p, 'src')) || existsSync(join(p, 'dist')));
  if (complete && readJson(stampFile)?.sources === state) return;
  run(node24, [join(root, 'tools', 'build.mjs')], root, process.env, 'The build failed; its messages are above.');
  writeJson(stampFile, { sources: state });
}

/** @param {string} src */
const hasEntry = (src) => existsSync(join(src, 'index.ts')) || existsSync(join(src, 'main.ts'));

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true });
  const nested = entries.flatMap((e) => (e.isDirectory() ? filesBelow(join(folder, e.name)) : [join(folder, e.name)]));
  return nested.sort();
}

/** @param {string[]} parts */
function digest(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex');
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {string} file @param {object} value */
function writeJson(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new-${process.pid}`, JSON.stringify(value));
  renameSync(`${file}.new-${process.pid}`, file);
}

/** Runs the npm that came with whatever started us, under `node`. @param {string} node @param {string} folder @param {string[]} args */
function npm(node, folder, args) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(package|lifecycle|command|config_local_prefix|config_global_prefix|execpath)/.test(key),
    ),
  );
  env['PATH'] = [dirname(node), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
  const cli = process.env['npm_execpath'] ?? '';
  const [command, ...first] = /npm-cli\.c?js$/.test(cli) && existsSync(cli) ? [node, cli] : ['npm'];
  const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
  run(
    command,
    [...first, ...args, ...flags],
    folder,
    env,
    `npm ${args[0]} failed in ${folder}; its messages are above. Is the package registry reachable?`,
  );
}

/** Everything a child prints goes to stderr: stdout belongs to the command. @param {string} command @param {string[]} args @param {string} cwd @param {NodeJS.ProcessEnv} env @param {string} failure */
function run(command, args, cwd, env, failure) {
  const { status, error } = spawnSync(command, args, { cwd, env, stdio: ['ignore', 2, 2] });
  if (error || status !== 0) throw new SetupError(error ? `${failure} (${error.message})` : failure);
}
