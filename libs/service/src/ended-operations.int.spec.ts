import type { LoggedEvent } from '@dr/event-store';
import { ENDED_STREAMS, pastOf } from './ended-operations.ts';
import { type TestHouse, testHouse } from './testing/test-house.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'archiver' });
  const data = { code: 'x', message: 'y' };
  await house.store.append('backup-ended', 0, [{ type: 'BackupFailed', data }], {
    commandId: 'c',
    meta: { tenant: 'a', requestId: 'r', actor: 's' },
  });
}, 60_000);
afterAll(() => house.close());

const event = (stream: string) => ({ stream }) as LoggedEvent;
const batch = (count: number) => Array.from({ length: count }, (_, n) => event(n % 2 === 0 ? 'capture-ended-1' : 'backup-open'));

test('in a large batch, an operation with an end is past, its captures too; in a small one nothing is known', async () => {
  const isPast = await pastOf(house.database, batch(60));
  expect(['backup-ended', 'capture-ended-1', 'backup-open'].map((stream) => isPast(event(stream)))).toEqual([true, true, false]);
  expect((await pastOf(house.database, batch(10)))(event('backup-ended'))).toBe(false);
});

test('the question goes along the index of streams', async () => {
  await house.database.transaction(async (tx) => {
    await tx.query('SET LOCAL enable_seqscan = off');
    const plan = JSON.stringify(await tx.query(`EXPLAIN (FORMAT JSON) ${ENDED_STREAMS}`, [['backup-ended']]));
    expect(plan).toContain('events_pkey');
  });
});
