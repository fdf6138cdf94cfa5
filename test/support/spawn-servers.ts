/** Starts the two servers of a test run: the same programs as `npm start` uses, without durability. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import {
  openPostgresData,
  type PostgresData,
  postgresCommand,
  superuserPassword,
  untilPredecessorIsGone,
} from '../../deploy/local/src/embedded-postgres.ts';
import { freePort } from '../../deploy/local/src/free-port.ts';
import { findNatsServer } from '../../deploy/local/src/nats-binary.ts';

export interface TestPostgres {
  pid: number;
  port: number;
  superPassword: string;
  password: string;
}

export interface TestNats {
  pid: number;
  url: string;
  password: string;
  accounts: number;
}

const small = { max_connections: '300', shared_buffers: '64MB', max_wal_size: '1GB' };
/** Nothing is kept, so nothing needs to reach the disk. */
const careless = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
const natsAccounts = 300;

/** Ends `pid` when the test run dies without its teardown (kill -9, an out-of-memory kill). A server that dies first is its spec's affair. */
function watch(pid: number, folder: string, signal: string): void {
  const script =
    'while kill -0 "$1" 2>/dev/null && kill -0 "$2" 2>/dev/null; do sleep 1; done; kill -0 "$1" 2>/dev/null && exit; kill "-$3" "$2" 2>/dev/null; sleep 1; rm -rf "$4"';
  const child = spawn('sh', ['-c', script, 'watch', process.env['DR_TEST_RUN'] ?? String(process.ppid), String(pid), signal, folder], {
    detached: true,
    stdio: 'ignore',
  });
  child.unref();
}

async function untilListening(child: ChildProcess, port: number, log: string): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}: ${readFileSync(log, 'utf8').slice(-2000)}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(20);
  }
  throw new Error(`did not listen on port ${port} within 30 s: ${readFileSync(log, 'utf8').slice(-2000)}`);
}

async function superuserClient(port: number, password: string, database: string): Promise<pg.Client> {
  for (let attempt = 0; ; attempt += 1) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (attempt > 200) throw error;
      await pause(25); // still starting up
    }
  }
}

/** The server of the cluster in `folder` (made on first use), once it listens. */
export async function startPostgres(
  folder: string,
  port: number,
  settings: Record<string, string>,
): Promise<PostgresData & { pid: number; child: ChildProcess }> {
  const data = await openPostgresData(join(folder, 'postgres'), { durable: false });
  await untilPredecessorIsGone(data);
  const [command, args] = postgresCommand(data, port, { ...small, ...settings });
  const log = join(folder, 'postgres.log');
  const out = openSync(log, 'a', 0o600);
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', out, out],
    uid: data.as.uid,
    gid: data.as.gid,
    env: { TZ: 'UTC', PATH: process.env['PATH'] },
  });
  child.unref();
  watch(child.pid!, folder, 'QUIT');
  await untilListening(child, port, log);
  return { ...data, pid: child.pid!, child };
}

/** One cluster with the roles of production: `dr_owner` (migrations) and `dr_app`, both with `password`. */
export async function spawnPostgres(folder: string, settings: Record<string, string> = careless): Promise<TestPostgres> {
  const port = await freePort();
  const data = await startPostgres(folder, port, settings);
  const [superPassword, password] = [superuserPassword(data), randomBytes(12).toString('hex')];
  const client = await superuserClient(port, superPassword, 'postgres');
  await client.query(`CREATE ROLE dr_owner LOGIN PASSWORD '${password}'`);
  await client.query(`CREATE ROLE dr_app LOGIN PASSWORD '${password}'`);
  await client.query('GRANT pg_read_all_stats TO dr_owner');
  await client.end();
  return { pid: data.pid, port, superPassword, password };
}

/** Runs one statement as superuser. */
export async function asSuperuser(server: TestPostgres, database: string, statement: string): Promise<void> {
  const client = await superuserClient(server.port, server.superPassword, database);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** One server with many accounts, so that every spec has its own streams and subjects. */
export async function spawnNats(folder: string): Promise<TestNats> {
  const program = await findNatsServer({ toolsFolder: join(folder, 'tools') });
  const [port, password] = [await freePort(), randomBytes(12).toString('hex')];
  const store = join(folder, 'nats');
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const account = (_: unknown, n: number) => `  T${n}: { jetstream: enabled, users: [ { user: "t${n}", password: "${password}" } ] }`;
  // Every account reserves what its streams may grow to; none of them does, and the sum is not to depend on the disk.
  const config = `listen: "127.0.0.1:${port}"\njetstream { store_dir: "${store}", max_file_store: 10TB }\naccounts {\n${Array.from({ length: natsAccounts }, account).join('\n')}\n}\n`;
  writeFileSync(join(folder, 'nats.conf'), config, { mode: 0o600 });
  const log = join(folder, 'nats.log');
  const out = openSync(log, 'a', 0o600);
  const child = spawn(program, ['-c', join(folder, 'nats.conf')], { detached: true, stdio: ['ignore', out, out] });
  child.unref();
  watch(child.pid!, folder, 'KILL');
  await untilListening(child, port, log);
  return { pid: child.pid!, url: `nats://127.0.0.1:${port}`, password, accounts: natsAccounts };
}
