/** What is forgotten and what stays, on a real database. */

import { rows } from '@dr/event-store';
import { jest } from '@jest/globals';
import { startHousekeeping } from './housekeeping.ts';
import { type TestHouse, testHouse, until } from './testing/test-house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver' });
}, 60_000);
afterAll(() => house.close());

const idsOf = async (table: 'jobs' | 'command_dedup', column: string) =>
  (await rows<Record<string, string>>(house.database, `SELECT ${column} FROM ${table} ORDER BY 1`)).map((row) => row[column]);

async function fill(): Promise<void> {
  await house.owner.query(`
    INSERT INTO jobs (job_id, kind, tenant, operation_id, payload, attempts_max, status, ended_at, enqueued_at)
    VALUES ('ended long ago', 'capture', 'acme', 'o', '{}', 5, 'done', now() - interval '8 days', now() - interval '9 days'),
           ('dead long ago', 'capture', 'acme', 'o', '{}', 5, 'dead', now() - interval '8 days', now() - interval '9 days'),
           ('ended yesterday', 'capture', 'acme', 'o', '{}', 5, 'done', now() - interval '1 day', now() - interval '9 days'),
           ('waits for long', 'capture', 'acme', 'o', '{}', 5, 'queued', NULL, now() - interval '90 days');
    INSERT INTO command_dedup (command_id, stream, version, created_at)
    VALUES ('old', 's-1', 1, now() - interval '31 days'), ('young', 's-2', 1, now() - interval '29 days');
    INSERT INTO command_dedup SELECT 'old ' || n, 's-3', 1, now() - interval '40 days' FROM generate_series(1, 10500) n`);
}

test('ended jobs are forgotten after 7 days and command ids after 30, more than one page of them; what waits stays', async () => {
  await fill();
  const stop = startHousekeeping(house);
  await until(async () => (await idsOf('command_dedup', 'command_id')).length === 1, 'the old ids to be gone');
  await stop();
  expect(await idsOf('command_dedup', 'command_id')).toEqual(['young']);
  expect(await idsOf('jobs', 'job_id')).toEqual(['ended yesterday', 'waits for long']);
});

test('a round that fails is told to the log and followed by another', async () => {
  const forgetEnded = jest.spyOn(house.queue, 'forgetEnded').mockRejectedValueOnce(new Error('the database is away'));
  const stop = startHousekeeping(house, 10);
  await until(() => forgetEnded.mock.calls.length >= 3);
  await stop();
  expect(house.lines.filter(({ level }) => level === 'warn')).toMatchObject([{ message: 'housekeeping failed' }]);
});

test('the services may delete command ids by that function only', async () => {
  await expect(house.database.query('DELETE FROM command_dedup')).rejects.toThrow(/permission denied/);
});
