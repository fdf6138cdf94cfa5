/** What a question of the gateway gets when the catalog itself cannot read: an error that says that asking again helps, and nothing of the database. */
import { query, subjectOf } from '@dr/messaging';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { AnswerQueries } from './answer-queries.ts';

let house: TestHouse;
let queries: AnswerQueries;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
  queries = new AnswerQueries(house);
  queries.onApplicationBootstrap();
}, 60_000);
afterAll(async () => {
  await queries.onApplicationShutdown();
  await house.close();
});

const ask = (name: string, body: object = {}) => query(house.bus, subjectOf.query('catalog', name), body);
const scope = { tenant: 'acme' };

test.each(['backups.get', 'restores.get', 'verifications.get'])('%s of what is not there is null', async (name) => {
  expect(await ask(name, { id: 'no', scope })).toBeNull();
});

test.each([
  'abc',
  '',
  Buffer.from('["2026-01-01","x"]').toString('base64url'),
  Buffer.from('["0000-01-01T00:00:00.000000Z","x"]').toString('base64url'),
  Buffer.from('["2026-13-01T00:00:00.000000Z","x"]').toString('base64url'),
  Buffer.from('["2026-01-01T00:00:00.000000Z","x\\u0000"]').toString('base64url'),
  Buffer.from('["2026-01-01T00:00:00.000000Z","x","y"]').toString('base64url'),
  Buffer.from('{"at":1}').toString('base64url'),
  Buffer.from('null').toString('base64url'),
])('the cursor %j is refused as one, never handed to PostgreSQL', async (cursor) => {
  for (const name of ['backups.list', 'restores.list']) {
    await expect(ask(name, { scope, limit: 10, cursor })).rejects.toMatchObject({ code: 'request.bad_cursor', status: 400 });
  }
});

test('while the database is away the answer is that, in no words of its own', async () => {
  const { database } = house;
  const queryBefore = database.query.bind(database);
  database.query = () => Promise.reject(Object.assign(new Error('connect to secret:5432'), { code: 'ECONNREFUSED' }));
  const failed = await ask('backups.get', { id: 'b', scope }).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 'catalog.database_away' });
  expect(String(failed)).not.toContain('secret');
  database.query = queryBefore;
  expect(await ask('backups.get', { id: 'b', scope })).toBeNull();
});
