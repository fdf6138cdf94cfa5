/** The embedded PostgreSQL as a part of the house: server, roles, database. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { openPostgresData, type PostgresData, postgresCommand, superuserPassword, untilPredecessorIsGone } from './embedded-postgres.ts';
import { secretFile } from './secret-file.ts';
import type { ProcessSpec } from './supervised-process.ts';

/** URLs of the owner role (migrations) and of the app role (services). */
export interface DatabaseUrls {
  admin: string;
  app: string;
}

/** Of the embedded server; the benchmark runs on the same. */
export const embeddedSettings = {
  max_connections: '200',
  shared_buffers: '128MB',
  max_wal_size: '512MB',
  timezone: 'UTC',
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  dynamic_shared_memory_type: 'mmap', // keeps everything below DR_HOME
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  logging_collector: 'off',
};

export interface PostgresPart {
  spec: ProcessSpec;
  /** Roles and database, made when absent. Once the server is ready. */
  prepare(): Promise<DatabaseUrls>;
}

/** The server on the data below `home`, to listen on `port`. */
export async function postgresPart(home: string, port: number): Promise<PostgresPart> {
  const data = await openPostgresData(join(home, 'postgres'));
  await untilPredecessorIsGone(data);
  const [command, args] = postgresCommand(data, port, embeddedSettings);
  const spec: ProcessSpec = {
    name: 'postgres',
    command,
    args,
    uid: data.as.uid,
    gid: data.as.gid,
    env: { PATH: process.env['PATH'], TZ: 'UTC', LC_ALL: 'C' },
    stop: { order: 2, signal: 'SIGINT', graceMs: 30_000 },
    isReady: () => accepts(data, port),
  };
  return { spec, prepare: () => prepare(data, home, port) };
}

function superuser(data: PostgresData, port: number): pg.Client {
  return new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password: superuserPassword(data), database: 'postgres' });
}

async function accepts(data: PostgresData, port: number): Promise<boolean> {
  const client = superuser(data, port);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function prepare(data: PostgresData, home: string, port: number): Promise<DatabaseUrls> {
  const passwords = {
    dr_owner: secretFile(join(home, 'secrets', 'postgres-owner'), newPassword).trim(),
    dr_app: secretFile(join(home, 'secrets', 'postgres-app'), newPassword).trim(),
  };
  const client = superuser(data, port);
  await client.connect();
  try {
    for (const [role, password] of Object.entries(passwords)) await ensureRole(client, role, password);
    await client.query('GRANT pg_read_all_stats TO dr_owner');
    await ensureDatabase(client);
  } finally {
    await client.end();
  }
  const url = (role: keyof typeof passwords) => `postgres://${role}:${passwords[role]}@127.0.0.1:${port}/dr`;
  return { admin: url('dr_owner'), app: url('dr_app') };
}

const newPassword = (): string => `${randomBytes(24).toString('hex')}\n`;

async function ensureRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [role]);
  const verb = rowCount === 0 ? 'CREATE' : 'ALTER';
  await client.query(`${verb} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD ${client.escapeLiteral(password)}`);
}

async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'dr'");
  if (rowCount === 0) await client.query('CREATE DATABASE dr OWNER dr_owner TEMPLATE template0');
  await client.query('REVOKE ALL ON DATABASE dr FROM PUBLIC');
  await client.query('GRANT CONNECT ON DATABASE dr TO dr_app');
}
