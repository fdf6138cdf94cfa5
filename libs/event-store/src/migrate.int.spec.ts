import { freshDatabase } from '../../../test/support/servers.ts';
import { openDatabase, rows } from './database.ts';
import { migrate } from './migrate.ts';
import { sqlMigration } from './sql-migration.ts';
import { as, event, storeOn } from './testing/test-store.ts';

const readModel = sqlMigration('CreateCounts1764100000000', 'CREATE TABLE counts (n int); GRANT SELECT, INSERT ON counts TO dr_app;');

test('several processes may migrate at once, any number of times; later ones add only what is new', async () => {
  const urls = await freshDatabase();
  const open = () => openDatabase({ url: urls.adminUrl, applicationName: 'migrate spec', poolMax: 3 });
  const owners = await Promise.all([open(), open(), open()]);
  await Promise.all(owners.map((owner) => migrate(owner)));
  await Promise.all(owners.map((owner) => migrate(owner, [readModel])));
  await migrate(owners[0]!, [readModel]);
  const done = await rows<{ name: string }>(owners[0]!, 'SELECT name FROM migrations ORDER BY id');
  expect(done.map((m) => m.name)).toEqual([
    'CreateEventStore1764000000000',
    'ForgetCommands1764200002000',
    'AppendInThreeStatements1764900000000',
    'ImportEvents1764910000000',
    'CreateLogCopies1764920000000',
    'CreateCounts1764100000000',
  ]);

  const app = await openDatabase({ url: urls.appUrl, applicationName: 'migrate spec' });
  await app.query('INSERT INTO counts VALUES (1)');
  await storeOn(app).append('backup-1', 0, [event()], as());
  await Promise.all([app, ...owners].map((d) => d.destroy()));
  await urls.drop();
});

test('a migration that fails leaves nothing of itself, and the next try starts where it failed', async () => {
  const urls = await freshDatabase();
  const owner = await openDatabase({ url: urls.adminUrl, applicationName: 'migrate spec' });
  const broken = sqlMigration('CreateBroken1764100000001', 'CREATE TABLE half (n int); SELECT 1 / 0;');
  await expect(migrate(owner, [readModel, broken])).rejects.toThrow(/division by zero/);
  await expect(owner.query('SELECT * FROM half')).rejects.toThrow(/does not exist/);
  await owner.query('SELECT * FROM counts');
  await migrate(owner, [readModel, sqlMigration('CreateBroken1764100000001', 'CREATE TABLE half (n int)')]);
  await owner.query('SELECT * FROM half');
  await owner.destroy();
  await urls.drop();
});

test('a name without its time is refused', () => {
  expect(() => sqlMigration('CreateThings', 'SELECT 1')).toThrow(/13 digits/);
});

test('there is no way back', async () => {
  await expect(new readModel().down({} as never)).rejects.toThrow(/no way back/);
});

test('sessions are limited: idle transactions, statements and lock waits end', async () => {
  const urls = await freshDatabase();
  const database = await openDatabase({ url: urls.appUrl, applicationName: 'limits', idleInTransactionMs: 150, statementMs: 300 });
  const [settings] = await rows<Record<string, string>>(
    database,
    `SELECT current_setting('application_name') AS name, current_setting('lock_timeout') AS locks, current_setting('statement_timeout') AS statements`,
  );
  expect(settings).toEqual({ name: 'limits', locks: '15s', statements: '300ms' });
  await expect(database.query('SELECT pg_sleep(5)')).rejects.toThrow(/statement timeout/);
  const idle = database.createQueryRunner();
  await idle.startTransaction();
  await new Promise((resolve) => setTimeout(resolve, 600));
  await expect(idle.query('SELECT 1')).rejects.toThrow();
  await idle.release();
  await database.query('SELECT 1');
  await database.destroy();
  await urls.drop();
});
