/**
 * The way in: `npm start`, `npm test` and the first `bin/dr` on a machine that has Node 20 and npm. No dependencies.
 * DR_HOME's lock comes first (only for `start`), then Node 24, the packages, the build; then the real program takes over.
 */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { become } from './bootstrap/exec.mjs';
import { ensureBuild, ensureNode24, ensurePackages, markRunning, SetupError, say } from './bootstrap/install.mjs';
import { takeLock } from './bootstrap/lock.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const installWaitMs = 15 * 60_000;

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Everything up to date, one process of this checkout at a time. @param {'production' | 'all'} scope */
async function prepare(scope) {
  for (let waited = 0; ; waited += 250) {
    const { lock, owner } = takeLock(join(root, '.build'), 'install');
    if (lock) {
      try {
        const node24 = ensureNode24(root);
        ensurePackages(root, node24, scope);
        ensureBuild(root, node24);
        return node24;
      } finally {
        lock.release();
      }
    }
    if (waited === 0) say(`process ${owner.pid} is installing into this checkout; waiting for it …`);
    if (waited > installWaitMs) throw new SetupError(`Process ${owner.pid} has been installing for 15 minutes. End it and start again.`);
    await pause(250);
  }
}

/**
 * V8 can abort a process that has worker threads ("Check failed: jit_page.has_value()") where the processor has memory protection keys:
 * its table of JIT pages is raced. Without the keys nothing is raced and nothing else changes.
 */
const JIT_FLAG = '--no-memory-protection-keys';

/** @param {string} home */
function lockOf(home) {
  try {
    return takeLock(home, 'lock');
  } catch (error) {
    throw new SetupError(
      `Cannot keep state in ${home}: ${error instanceof Error ? error.message : error}. Set DR_HOME to a folder that you may write to, on a file system with hard links.`,
    );
  }
}

/** @param {string[]} flags for the supervisor, which knows them */
async function start(flags) {
  const given = process.env['DR_HOME'];
  const home = resolve(given || join(root, '.dr'));
  const { lock, owner } = lockOf(home);
  if (!lock) {
    throw new SetupError(
      `Tributary DR is already running on ${home} (process ${owner.pid}). Stop that one (Ctrl-C there, or kill ${owner.pid}), or set DR_HOME to another folder.`,
    );
  }
  process.once('exit', () => process.exitCode && lock.release());
  const node24 = await prepare('production');
  markRunning(root);
  become(node24, [join(root, 'deploy', 'local', 'src', 'main.ts'), root, ...flags], {
    ...process.env,
    DR_HOME: home,
    DR_LOCK_FILE: lock.file,
    ...(given ? {} : { DR_ORIGINS: 'DR_HOME=start' }),
  });
}

/** @param {string[]} args for Jest */
async function test(args) {
  const node24 = await prepare('all');
  const options = `${process.env['NODE_OPTIONS'] ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim();
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  become(node24, [JIT_FLAG, jest, '--rootDir', root, '-c', join(root, 'jest.config.mjs'), ...args], {
    ...process.env,
    NODE_OPTIONS: options,
  });
}

/** @param {string[]} args */
async function dr(args) {
  become(await prepare('production'), [JIT_FLAG, join(root, 'cli', 'dr', 'bundle', 'main.js'), ...args], process.env);
}

/** A checkout that this user may not write into: somebody else's, or on a read-only disk. @param {unknown} error */
function notOurCheckout(error) {
  const { code, path } = /** @type {NodeJS.ErrnoException} */ (error);
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code ?? '') || !path?.startsWith(root)) return undefined;
  return `This user (id ${process.getuid?.()}) may not write ${path} (${code}). Tributary DR installs and builds inside its checkout, which belongs to the user with id ${statSync(root).uid}: start it as that user, or use a checkout of your own. (DR_HOME moves the state, not the installation.)`;
}

/** @type {Record<string, (args: string[]) => Promise<void>>} */
const commands = { start, test, dr, prepare: async () => void (await prepare('all')) };

const [name = 'start', ...rest] = process.argv.slice(2);
const command = commands[name];
try {
  if (!command) throw new SetupError(`Unknown command ${name}: use start, test, dr or prepare.`);
  await command(rest);
} catch (error) {
  const refusal = error instanceof SetupError ? error.message : notOurCheckout(error);
  if (!refusal) throw error;
  say(refusal);
  process.exitCode = 1;
}
