/**
 * Real servers for `*.int.spec.ts` and `*.e2e.spec.ts`: one PostgreSQL and one NATS per test run, started by the first spec that
 * asks, stopped by Jest's global teardown. Every caller gets a database, a NATS account and a folder of its own.
 */
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { nextNumber, once } from './once.ts';
import { asSuperuser, spawnNats, spawnPostgres, type TestPostgres } from './spawn-servers.ts';

export interface TestDatabase {
  /** As role `dr_owner`, the database's owner: for migrations. */
  adminUrl: string;
  /** As role `dr_app`, which has no right that a migration did not give. */
  appUrl: string;
  /** As superuser: to end sessions and to dump. */
  superUrl: string;
  name: string;
  drop(): Promise<void>;
}

function runFolder(): string {
  const folder = process.env['DR_TEST_SERVERS'];
  if (!folder) throw new Error('No test servers here: run the spec with tools/jest or `npm test` (jest.config.mjs reserves them).');
  return folder;
}

/** A new, empty database. The first call of a run takes about two seconds, later ones some 50 ms. */
export async function freshDatabase(): Promise<TestDatabase> {
  const folder = runFolder();
  const server = await once(folder, 'postgres', () => spawnPostgres(folder));
  return databaseOn(server, `t${nextNumber(folder, 'database')}`);
}

/** A new, empty database of that name on `server`. */
export async function databaseOn(server: TestPostgres, name: string): Promise<TestDatabase> {
  await asSuperuser(server, 'postgres', `CREATE DATABASE ${name} OWNER dr_owner TEMPLATE template0 STRATEGY file_copy`);
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${server.port}/${name}`;
  return {
    name,
    adminUrl: url('dr_owner', server.password),
    appUrl: url('dr_app', server.password),
    superUrl: url('postgres', server.superPassword),
    drop: () => asSuperuser(server, 'postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

export interface TestBus {
  url: string;
  user: string;
  pass: string;
}

/** An account of its own on the run's NATS server, JetStream included and empty, with every right inside the account. */
export async function natsServer(): Promise<TestBus> {
  const folder = runFolder();
  const server = await once(folder, 'nats', () => spawnNats(folder));
  const n = nextNumber(folder, 'account');
  if (n >= server.accounts)
    throw new Error(`More than ${server.accounts} NATS accounts in one test run: raise natsAccounts in spawn-servers.ts.`);
  return { url: server.url, user: `t${n}`, pass: server.password };
}

/** A new folder, removed with the run. */
export function freshDir(name = 'dir'): string {
  return mkdtempSync(join(runFolder(), `${name}-`));
}
