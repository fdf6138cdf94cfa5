/** The views under batches: however the log is cut, and however often a batch comes again, the rows are the same. */
import { type DomainEvent, encodeEvent } from '@dr/domain';
import { type LoggedEvent, rows } from '@dr/event-store';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { generatedLog } from '../../../../test/bench/figures/life-cycles.ts';
import { migrations } from '../migrations.ts';
import { projectEvents } from './project-events.ts';

const TABLES = [
  ...['catalog_backups', 'catalog_backup_datasets', 'catalog_restores', 'catalog_restore_datasets'],
  ...['catalog_verifications', 'catalog_api_keys'],
];

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
}, 60_000);
beforeEach(() => house.database.query(TABLES.map((table) => `DELETE FROM ${table}`).join('; ')));
afterAll(() => house.close());

const logged = (stream: string, version: number, event: DomainEvent): LoggedEvent => {
  const meta = { tenant: 'acme', requestId: 'r', actor: 'spec', commandId: 'c' };
  return {
    ...encodeEvent(event),
    ...event,
    eventId: 'e',
    stream,
    version,
    meta,
    recordedAt: '2026-03-01T12:00:00.000Z',
    position: 1,
  } as LoggedEvent;
};

const keyEvents: LoggedEvent[] = [
  logged('api_key-key_a', 1, {
    type: 'ApiKeyCreated',
    data: { keyId: 'key_a', hash: 'a'.repeat(64), tenant: 'acme', scopes: ['backup:read'] },
  }),
  logged('api_key-key_b', 1, {
    type: 'ApiKeyCreated',
    data: { keyId: 'key_b', hash: 'b'.repeat(64), tenant: '*', scopes: ['admin'], expiresAt: '2027-01-01T00:00:00.000Z' },
  }),
  logged('api_key-key_a', 2, { type: 'ApiKeyRevoked', data: {} }),
];

/** Every kind of end that a backup may have, and what comes after it. */
const log = [...keyEvents, ...[...generatedLog(130)].map(({ stream, version, event }) => logged(stream, version, event))];

async function project(events: readonly LoggedEvent[], size: number, times = 1): Promise<void> {
  for (let from = 0; from < events.length; from += size) {
    const batch = events.slice(from, from + size);
    for (let time = 0; time < times; time++) await house.database.transaction((tx) => projectEvents(tx, batch));
  }
}

async function everything(): Promise<Record<string, object[]>> {
  const all: Record<string, object[]> = {};
  for (const table of TABLES) all[table] = await rows(house.database, `SELECT t.* FROM ${table} t ORDER BY t::text COLLATE "C"`);
  return all;
}

test('one event at a time, in small batches and all at once give the same views', async () => {
  await project(log, 1);
  const oneByOne = await everything();
  expect(oneByOne['catalog_backups']).toHaveLength(130);
  for (const table of TABLES) expect(oneByOne[table]!.length).toBeGreaterThan(1);
  for (const size of [7, 100, log.length]) {
    await house.database.query(TABLES.map((table) => `DELETE FROM ${table}`).join('; '));
    await project(log, size);
    expect(await everything()).toEqual(oneByOne);
  }
}, 60_000);

test('a batch that comes twice changes nothing', async () => {
  await project(log, log.length);
  const once = await everything();
  await house.database.query(TABLES.map((table) => `DELETE FROM ${table}`).join('; '));
  await project(log, 1, 2);
  expect(await everything()).toEqual(once);
});

test('what is about something that is not there changes nothing', async () => {
  await project(
    log.filter(({ type }) => !/Requested$|Created$/.test(type) || type === 'BackupCancelRequested'),
    50,
  );
  for (const found of Object.values(await everything())) expect(found).toEqual([]);
});

test('a batch asks a few questions, however many events it has', async () => {
  let asked = 0;
  await house.database.transaction((tx) => {
    const query = (sql: string, parameters?: unknown[]) => {
      asked++;
      return tx.query(sql, parameters);
    };
    return projectEvents({ query }, log);
  });
  expect(asked).toBeLessThanOrEqual(14);
});
