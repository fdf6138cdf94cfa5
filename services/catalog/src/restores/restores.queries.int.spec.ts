/** What a restore tells of its end: its own reason, and those of the data sets that failed. */
import { type RestoreCommand, restoreDecider, streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import { requestRestore } from '../../../../libs/domain/src/testing/samples.ts';
import { type TestHouse, testHouse } from '../../../../libs/service/src/testing/test-house.ts';
import { migrations } from '../migrations.ts';
import { projectRestores } from './restores.projection.ts';
import { findRestore } from './restores.queries.ts';

let house: TestHouse;
beforeAll(async () => {
  house = await testHouse({ service: 'catalog', migrations });
}, 60_000);
afterAll(() => house.close());

let number = 0;
const meta = { tenant: 'acme', requestId: 'r', actor: 'spec' };
const failed = (n: number): RestoreCommand => ({ kind: 'recordFailed', n, code: 'restore.no_space', message: `disk ${n} is full` });
const restored = (n: number, to: string): RestoreCommand => ({
  kind: 'recordRestored',
  n,
  from: to,
  to,
  objects: 1,
  bytes: 1,
  findings: [],
});

async function endedWith(results: RestoreCommand[], more: object = {}) {
  const restoreId = `restore_${++number}`;
  const request = requestRestore({}, { restoreId, ...more });
  const commands = [request, { kind: 'start' }, { kind: 'beginSwap' }, ...results, { kind: 'end' }] as RestoreCommand[];
  for (const [i, command] of commands.entries())
    await house.store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId: `${i}-${restoreId}`, meta });
  const events = (await house.store.read(streamOf.restore(restoreId))).map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent);
  await house.database.transaction((tx) => projectRestores(tx, events));
  return (await findRestore(house.database, restoreId, { allTenants: true })) as { status: string; error_message: string | null };
}

const sets = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ n: i + 1, from: `d${i + 1}`, to: `d${i + 1}`, format: 'v4' as const, root: 'ab'.repeat(32) }));

test('one whose data sets failed says why', async () => {
  const { status, error_message } = await endedWith([failed(1), failed(2)], { datasets: sets(2) });
  expect([status, error_message]).toEqual(['failed', 'd1: disk 1 is full d2: disk 2 is full']);
});

test('of very many the first are named, after its own reason', async () => {
  const lacking = [{ datasetId: 'gone', cause: 'it was away' }];
  const { error_message } = await endedWith([1, 2, 3, 4, 5, 6, 7].map(failed), { datasets: sets(7), lacking });
  expect(error_message).toMatch(
    /^The backup does not hold gone \(it was away\)\. d1: .* d5: disk 5 is full and 2 more data sets failed\.$/,
  );
});

test('one that completed has nothing to say', async () => {
  expect(await endedWith([restored(1, 'd1')], { datasets: sets(1) })).toMatchObject({ status: 'completed', error_message: null });
});
