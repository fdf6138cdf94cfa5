/** The wish to cancel a restore over REST, on real PostgreSQL and NATS; the restorer's part stands beside the restorer. */
import { restoreDecider, streamOf } from '@dr/domain';
import { restoreOptions as options } from '../../../../libs/domain/src/testing/samples.ts';
import { type FrontDoor, frontDoor } from '../../../../test/support/front-door.ts';

let door: FrontDoor;
let acme: string;
beforeAll(async () => {
  door = await frontDoor();
  acme = await door.key({ tenant: 'acme' });
}, 60_000);
afterAll(() => door.close());

let number = 0;

async function restore(...more: Parameters<typeof restoreDecider.decide>[1][]): Promise<string> {
  const restoreId = `restore_2026_${++number}`;
  const datasets = [{ n: 1, from: 'a', to: 'a', format: 'v4', root: 'ab' }] as const;
  const ids = { restoreId, backupId: 'backup_1', tenant: 'acme', targetTenant: 'acme', requestedBy: 'key_1' };
  const all = [{ kind: 'request', ...ids, datasets, options, lacking: [] } as const, ...more];
  for (const [i, command] of all.entries()) {
    const meta = { tenant: 'acme', requestId: 'spec', actor: 'spec' };
    await door.house.store.decide(streamOf.restore(restoreId), restoreDecider, command, { commandId: `${restoreId}-${i}`, meta });
  }
  await door.settled();
  return restoreId;
}

const cancel = (id: string, key = acme, body?: unknown) => door.call('POST', `/restores/${id}/cancel`, { key, body });

test('is 202 with the restore, and the wish stands in the log once, with who wished it', async () => {
  const id = await restore();
  const reply = await cancel(id);
  expect([reply.status, reply.headers['location']]).toEqual([202, `/api/v1/restores/${id}`]);
  expect(reply.body).toMatchObject({ restore_id: id, cancel_requested_at: expect.stringMatching(/Z$/) });
  expect((await cancel(id)).status).toBe(202);
  const events = (await door.house.store.read(streamOf.restore(id))).map(({ type, data }) => [type, data]);
  expect(events.slice(1)).toEqual([['RestoreCancelRequested', { by: expect.stringMatching(/^key_/) }]]);
});

test('what ends cancelled shows its data sets so', async () => {
  const id = await restore({ kind: 'requestCancel', by: 'key_1' }, { kind: 'end' });
  const { body } = await door.call('GET', `/restores/${id}`, { key: acme });
  expect(body).toMatchObject({ status: 'cancelled', datasets: [{ status: 'cancelled' }] });
});

test('from the swap on it is 409', async () => {
  const reply = await cancel(await restore({ kind: 'start' }, { kind: 'beginSwap' }));
  expect([reply.status, reply.body['code']]).toEqual([409, 'wrong_state.restore_swapping']);
});

test('what another tenant restores is not there, and neither are strange ids', async () => {
  const id = await restore();
  const globex = await door.key({ tenant: 'globex' });
  for (const reply of [await cancel(id, globex), await cancel('restore_none'), await cancel('restore_%F0%9F%98%80')])
    expect([reply.status, reply.body['code']]).toEqual([404, 'restore.not_found']);
});

test('needs restore:run, and no unknown field', async () => {
  const id = await restore();
  expect((await cancel(id, await door.key({ tenant: 'acme', scopes: ['backup:read'] }))).status).toBe(403);
  expect((await cancel(id, acme, { why: 'x' })).status).toBe(400);
});
