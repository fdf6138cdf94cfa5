import { DataSource, type Logger } from 'typeorm';
import { rows } from './database.ts';
import { DatabaseUnfit } from './errors.ts';
import { forgetCommandsMigration } from './forget-commands.ts';
import { importMigration } from './import-events.ts';
import { logCopyMigration } from './log-copy.ts';
import { CREATE_APP_ROLE, GRANTS, OLDEST_WRITE } from './schema/access.ts';
import { APPEND, appendMigration } from './schema/append.ts';
import { SEAL } from './schema/seal.ts';
import { FENCES, TABLES } from './schema/tables.ts';
import { type MigrationClass, sqlMigration } from './sql-migration.ts';

const eventStore = sqlMigration(
  'CreateEventStore1764000000000',
  [CREATE_APP_ROLE, TABLES, FENCES, APPEND, SEAL, OLDEST_WRITE, GRANTS].join('\n'),
);

const SERVER_VERSION_MIN = 150_000;
const MIGRATION_LOCK = 7100;

/**
 * Brings the database up to date: the event store's own migrations, then the caller's (read models, jobs). Idempotent; several
 * processes may call it at once, one works and the others wait. Each migration runs in its own transaction.
 * @param admin a DataSource of the owner role: it owns the functions that dr_app may only call.
 * @throws DatabaseUnfit for a server older than PostgreSQL 15
 */
export async function migrate(admin: DataSource, additional: readonly MigrationClass[] = []): Promise<void> {
  const guard = admin.createQueryRunner();
  try {
    await refuseOldServer(guard);
    await guard.query("SELECT set_config('lock_timeout', '0', false), set_config('statement_timeout', '0', false)");
    await guard.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await runMigrations(admin, [eventStore, forgetCommandsMigration, appendMigration, importMigration, logCopyMigration, ...additional]);
  } finally {
    await guard.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
    await guard.query('RESET lock_timeout; RESET statement_timeout').catch(() => undefined);
    await guard.release();
  }
}

async function refuseOldServer(on: Parameters<typeof rows>[0]): Promise<void> {
  const [server] = await rows<{ v: number }>(on, "SELECT current_setting('server_version_num')::int AS v");
  if ((server?.v ?? 0) < SERVER_VERSION_MIN) throw new DatabaseUnfit(`PostgreSQL ${server?.v} is too old. Use 15 or newer.`);
}

async function runMigrations(admin: DataSource, migrations: readonly MigrationClass[]): Promise<void> {
  const migrator = new DataSource({ ...admin.options, migrations: [...migrations], entities: [], logger: silent } as typeof admin.options);
  await migrator.initialize();
  try {
    await migrator.runMigrations({ transaction: 'each' });
  } finally {
    await migrator.destroy();
  }
}

/** TypeORM prints failed migrations to stdout, which belongs to the services' own lines; the caller gets the error. */
const silent: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};
