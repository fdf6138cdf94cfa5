import { join } from 'node:path';
import { loadConfig, uuidv7 } from '@dr/config';
import { AdvisoryLocks, EventStore, type MigrationClass, migrate, openDatabase, seal } from '@dr/event-store';
import { JobQueue, jobMigrations } from '@dr/jobs';
import { type Bus, connectBus, ensureTopology, natsTriggers, type ServiceName } from '@dr/messaging';
import type { Logger } from '@dr/telemetry';
import type { DataSource } from 'typeorm';
import { freshDatabase, freshDir, natsServer, type TestBus, type TestDatabase } from '../../../../test/support/servers.ts';
import type { House } from '../house.ts';

/** What was logged, by level: for errors that a service only tells its log. */
export interface LoggedLine {
  level: string;
  fields: Record<string, unknown>;
  message: string;
}

export interface TestHouse extends House {
  /** Folder of the data sets; exists and is empty. */
  readonly sourceRoot: string;
  readonly lines: LoggedLine[];
  /** For a second connection to the same bus. */
  readonly busAccount: TestBus;
  /** As the owner of the tables. */
  readonly owner: DataSource;
  /** Gives everything that was appended its place in the log: there is no catalog here. */
  sealLog(): Promise<void>;
}

export interface TestHouseOptions {
  service: ServiceName;
  migrations?: readonly MigrationClass[];
  env?: Record<string, string>;
  /** Default: a fresh one on the run's server. */
  database?: TestDatabase;
}

/** A whole house on servers of its own: real PostgreSQL, real NATS, a real folder for the repository (not made yet). Close it. */
export async function testHouse({ service, migrations = [], env = {}, database: given }: TestHouseOptions): Promise<TestHouse> {
  const [folder, urls] = [freshDir('house'), given ?? (await freshDatabase())];
  const owner = await openDatabase({ url: urls.adminUrl, applicationName: 'test-owner', poolMax: 2 });
  await migrate(owner, [...jobMigrations, ...migrations]);
  const database = await openDatabase({ url: urls.appUrl, applicationName: `test-${service}`, poolMax: 8 });
  const lines: LoggedLine[] = [];
  const busAccount = await natsServer();
  const bus = await testBus(service, busAccount);
  const triggers = natsTriggers(bus);
  const newId = () => uuidv7(Date.now());
  const locks = new AdvisoryLocks(database);
  const sourceRoot = freshDir('source');
  const close = async () => {
    await locks.close();
    await bus.close();
    await Promise.all([database.destroy(), owner.destroy()]);
    await urls.drop();
  };
  return {
    service,
    config: loadConfig({
      env: { ...environment(folder, sourceRoot), DATABASE_URL: urls.appUrl, NATS_URL: 'nats://unused', ...env },
      folder,
    }) as House['config'],
    log: recording(lines),
    lines,
    now: () => Date.now(),
    newId,
    database,
    owner,
    store: new EventStore(database, { now: () => Date.now(), newEventId: newId }),
    queue: new JobQueue(database, { triggers }),
    bus,
    busAccount,
    triggers,
    locks,
    sourceRoot,
    sealLog: async () => void (await seal(database, 500)),
    close,
  };
}

const environment = (folder: string, sourceRoot: string): Record<string, string> => ({
  DR_HOME: join(folder, 'home'),
  BACKUP_PATH: join(folder, 'repository'),
  BACKUP_ENCRYPTION: 'false',
  BACKUP_PARALLEL_WORKERS: '1',
  DEEPLAKE_STORAGE_LOCATION: sourceRoot,
});

async function testBus(service: ServiceName, { url, user, pass }: TestBus): Promise<Bus> {
  const bus = await connectBus({ service, url, user, pass });
  await ensureTopology(bus);
  return bus;
}

function recording(lines: LoggedLine[]): Logger {
  const write = (level: string) => (first: object | string, second?: string) =>
    void lines.push(
      typeof first === 'string' ? { level, fields: {}, message: first } : { level, fields: { ...first }, message: second ?? '' },
    );
  return {
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    debug: () => undefined,
  } as unknown as Logger;
}

/** Waits until `probe` gives something that is not undefined and not false. */
export async function until<T>(probe: () => Promise<T | undefined | false> | T | undefined | false, what = String(probe)): Promise<T> {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Waited 10 s for ${what}`);
}
