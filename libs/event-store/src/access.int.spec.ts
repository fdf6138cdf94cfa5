import { rows } from './database.ts';
import { encodeBody } from './encoding.ts';
import { as, event, sealAll, type TestStore, testStore } from './testing/test-store.ts';

let t: TestStore;
beforeAll(async () => {
  t = await testStore();
  await t.store.append('backup-1', 0, [event()], as());
  await sealAll(t.app);
});
afterAll(() => t[Symbol.asyncDispose]());

const TABLES = ['streams', 'events', 'command_dedup', 'unsealed', 'event_log'];

test.each(TABLES)('the services may read %s and change nothing in it', async (table) => {
  await t.app.query(`SELECT * FROM ${table}`);
  for (const sql of [
    `DELETE FROM ${table}`,
    `TRUNCATE ${table}`,
    `UPDATE ${table} SET stream = 'x'`,
    `INSERT INTO ${table} DEFAULT VALUES`,
  ]) {
    await expect(t.app.query(sql.replace("event_log SET stream = 'x'", 'event_log SET position = 9'))).rejects.toThrow(/permission denied/);
  }
});

test('the services may not switch the fences off, adopt events or make tables', async () => {
  await expect(t.app.query('ALTER TABLE events DISABLE TRIGGER ALL')).rejects.toThrow(/must be owner/);
  await expect(t.app.query('SET session_replication_role = replica')).rejects.toThrow(/permission denied/);
  await expect(t.app.query('SELECT adopt_foreign_events()')).rejects.toThrow(/permission denied/);
  await expect(t.app.query('CREATE TABLE mine (n int)')).rejects.toThrow(/permission denied/);
});

test.each(['owner', 'superuser'] as const)('even the %s is stopped by the second fence', async (role) => {
  for (const table of ['events', 'event_log']) {
    for (const sql of [`DELETE FROM ${table}`, `TRUNCATE ${table}`, `UPDATE ${table} SET event_id = event_id`]) {
      await expect(t[role].query(sql)).rejects.toThrow(/events are only ever appended/);
    }
  }
});

test('a table of the same name in a session of its own does not lead the append astray', async () => {
  await t.superuser.query(`GRANT TEMPORARY ON DATABASE ${t.urls.name} TO dr_app`);
  await t.app.transaction(async (tx) => {
    await tx.query('CREATE TEMPORARY TABLE streams (stream text, version bigint) ON COMMIT DROP');
    await tx.query(`INSERT INTO pg_temp.streams VALUES ('backup-1', 77)`);
    await expect(t.store.append('backup-1', 77, [event()], as('astray', tx))).rejects.toMatchObject({ actual: 1 });
  });
});

describe('the append function takes nothing on trust', () => {
  const body = (stream: string, version: number) =>
    encodeBody({
      eventId: '0198c0de-0000-7000-8000-000000000001',
      stream,
      version,
      type: 'T',
      schemaVersion: 1,
      data: {},
      meta: { commandId: 'c', tenant: 'acme', requestId: 'r', actor: 'a' },
      recordedAt: '2026-11-23T00:00:00.000Z',
    });
  const append = (stream: string | null, expected: number | null, bodies: Buffer[], command: string | null) =>
    t.app.query('SELECT * FROM append_events($1, $2, $3, $4)', [stream, expected, bodies, command]);

  test.each([
    ['a body of another stream', () => append('backup-a', 0, [body('backup-b', 1)], 'x1'), /another stream or version/],
    ['a body of another version', () => append('backup-a', 0, [body('backup-a', 2)], 'x2'), /another stream or version/],
    ['no command', () => append('backup-a', 0, [body('backup-a', 1)], null), /required/],
    ['no expected version', () => append('backup-a', null, [body('backup-a', 1)], 'x3'), /required/],
    ['no events', () => append('backup-a', 0, [], 'x4'), /required/],
    [
      'too many events',
      () =>
        append(
          'backup-a',
          0,
          Array.from({ length: 501 }, (_, i) => body('backup-a', i + 1)),
          'x5',
        ),
      /required/,
    ],
    ['what is no JSON', () => append('backup-a', 0, [Buffer.from('{')], 'x6'), /json/],
  ])('%s is refused', async (_, attempt, why) => {
    await expect(attempt()).rejects.toThrow(why);
    expect(await rows(t.app, `SELECT FROM streams WHERE stream = 'backup-a'`)).toHaveLength(0);
  });
});
