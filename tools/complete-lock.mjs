/**
 * Completes package-lock.json after `npm install`: a registry that does not carry the packages of other platforms makes npm leave them out
 * of the lock file, and then `npm ci` refuses the whole of it. Adds an entry with version and platform for each. Idempotent.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'aix', 'sunos'];
const processors = ['arm64', 'arm', 'armv7', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Where `name` would be found from `from`, innermost first. */
function candidates(from, name) {
  const folders = [from];
  for (let at = from; at.includes('node_modules/'); ) {
    at = at.slice(0, at.lastIndexOf('node_modules/')).replace(/\/$/, '');
    folders.push(at);
  }
  return [...new Set([...folders, ''])].map((folder) => `${folder ? `${folder}/` : ''}node_modules/${name}`);
}

/** Optional dependencies that the lock file names without an entry of their own. */
export function missingOptional(packages) {
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !candidates(path, name).some((c) => packages[c]))
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  );
}

function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = words.filter((w) => systems.includes(w));
  const cpu = words.filter((w) => processors.includes(w)).map((w) => (w === 'armv7' ? 'arm' : w));
  const libc = words.includes('musl') || words.includes('musleabihf') ? ['musl'] : [];
  return { ...(cpu.length && { cpu }), ...(os.length && { os }), ...(libc.length && { libc }) };
}

function main() {
  const file = fileURLToPath(new URL('../package-lock.json', import.meta.url));
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingOptional(lock.packages);
  for (const { name, version, dev } of missing) {
    lock.packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
  }
  const [root, ...rest] = Object.entries(lock.packages);
  lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => a.localeCompare(b, 'en'))]);
  if (missing.length > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stderr.write(`package-lock.json: ${missing.length} entries added\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
