import { type Clock, type ConfigWith, loadConfig, systemClock, systemEnvironment, uuidv7 } from '@dr/config';
import { AdvisoryLocks, EventStore, isTransient, openDatabase, type Queryable } from '@dr/event-store';
import { admitOperation, JobQueue, type Operation, type OperationLimits, refuseWhenFull } from '@dr/jobs';
import { type Bus, connectBus, NUDGE, natsTriggers, nudge, type ServiceName, type Triggers } from '@dr/messaging';
import { createLogger, type Logger } from '@dr/telemetry';
import type { DataSource } from 'typeorm';

/** What every service stands on: configuration, log, database, event store, job queue and bus, opened once and closed last. */
export interface House {
  readonly service: ServiceName;
  readonly config: ConfigWith<'database' | 'nats'>;
  readonly log: Logger;
  readonly now: Clock;
  readonly newId: () => string;
  readonly database: DataSource;
  readonly store: EventStore;
  readonly queue: JobQueue;
  readonly bus: Bus;
  readonly triggers: Triggers;
  /** One connection for all advisory locks of this process. */
  readonly locks: AdvisoryLocks;
  close(): Promise<void>;
}

export interface HouseParts {
  service: ServiceName;
  config: ConfigWith<'database' | 'nats'>;
  log: Logger;
}

/** Reads the configuration and makes the log. @throws ConfigurationError with every problem at once. */
export function houseParts(service: ServiceName): HouseParts {
  const config = loadConfig({ env: systemEnvironment(), needs: ['database', 'nats'] });
  const log = createLogger({ service, level: config.logLevel, logFile: config.backup.logFile });
  for (const warning of config.warnings) log.warn(warning);
  return { service, config, log };
}

/** Opens everything else, waiting for servers that are still starting. @throws what PostgreSQL or NATS refuse. */
export async function openHouse({ service, config, log }: HouseParts): Promise<House> {
  const database = await openPatiently(service, config.database.url, log);
  const { url, user, password } = config.nats;
  const bus = await connectBus({ service, url, user, pass: password, log });
  const newId = () => uuidv7(systemClock());
  const store = new EventStore(database, { now: systemClock, newEventId: newId });
  const triggers = natsTriggers(bus);
  const queue = new JobQueue(database, { triggers });
  const locks = new AdvisoryLocks(database);
  const close = async () => {
    await locks.close();
    await bus.close();
    await database.destroy();
  };
  return { service, config, log, now: systemClock, newId, database, store, queue, bus, triggers, locks, close };
}

const DATABASE_WAIT_MS = 60_000;

async function openPatiently(service: string, url: string, log: Logger): Promise<DataSource> {
  const until = systemClock() + DATABASE_WAIT_MS;
  for (;;) {
    try {
      return await openDatabase({ url, applicationName: `dr-${service}` });
    } catch (error) {
      if (!isTransient(error) || systemClock() > until) throw error;
      log.warn({ err: error }, 'the database does not answer yet');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** After an append: the sequencer need not wait for its poll. Never fails; a lost nudge costs a quarter of a second. */
export const nudgeSequencer = ({ bus }: Pick<House, 'bus'>): void => nudge(bus, NUDGE.sequencer);

/** Counts an operation in by the configured limits: the last step of the transaction that appends its request. @throws TooManyOperations */
export const admit = ({ config }: Pick<House, 'config'>, tx: Queryable, operation: Operation): Promise<void> =>
  admitOperation(tx, operation, limitsOf(config));

/** Refuses at once what would not be admitted, before anything is done for it. @throws TooManyOperations */
export const refuseFull = ({ config, database }: Pick<House, 'config' | 'database'>, tenant: string): Promise<void> =>
  refuseWhenFull(database, tenant, limitsOf(config));

function limitsOf({ backup: { limits } }: House['config']): OperationLimits {
  return { perTenant: limits.unfinishedPerTenant, total: limits.unfinished };
}
