import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '@dr/event-store';
import type { DataSource } from 'typeorm';
import { embeddedSettings } from '../../../deploy/local/src/postgres-part.ts';
import { databaseOn, type TestBus, type TestDatabase } from '../../support/servers.ts';
import { spawnNats, spawnPostgres } from '../../support/spawn-servers.ts';

/** What the figures are measured on. */
export interface BenchServers {
  /** A new database for each figure, so that none finds the other's rows. */
  newDatabase(): Promise<TestDatabase>;
  /** A new account, with streams of its own. */
  newBus(): Promise<TestBus>;
  stop(): Promise<void>;
}

/** PostgreSQL and NATS with the settings of `npm start`, durable, on a folder of their own below `work`. */
export async function benchServers(work = tmpdir()): Promise<BenchServers> {
  process.env['DR_TEST_RUN'] ??= String(process.pid);
  const folder = await mkdtemp(join(work, 'dr-bench-servers-'));
  const [postgres, nats] = [await spawnPostgres(folder, embeddedSettings), await spawnNats(folder)];
  let [databases, accounts] = [0, 0];
  return {
    newDatabase: () => databaseOn(postgres, `bench${++databases}`),
    newBus: async () => ({ url: nats.url, user: `t${accounts++}`, pass: nats.password }),
    stop: async () => {
      process.kill(nats.pid, 'SIGTERM');
      process.kill(postgres.pid, 'SIGINT');
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    },
  };
}

/** Pools as a service has them, and one of the owner, for what only it may do. */
export async function openPools(urls: TestDatabase, poolMax: number): Promise<{ app: DataSource; owner: DataSource } & AsyncDisposable> {
  const [app, owner] = await Promise.all([
    openDatabase({ url: urls.appUrl, applicationName: 'bench', poolMax }),
    openDatabase({ url: urls.adminUrl, applicationName: 'bench-owner', poolMax: 2 }),
  ]);
  const close = async () => void (await Promise.all([app.destroy(), owner.destroy()]));
  return { app, owner, [Symbol.asyncDispose]: close };
}
