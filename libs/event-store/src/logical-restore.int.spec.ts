import type { DataSource } from 'typeorm';
import { freshDir } from '../../../test/support/servers.ts';
import { asSuperuser, spawnPostgres, type TestPostgres } from '../../../test/support/spawn-servers.ts';
import { openDatabase, rows } from './database.ts';
import { logHead } from './event-log.ts';
import { migrate } from './migrate.ts';
import { SEAL_POLL } from './schema/seal.ts';
import { seal } from './sequencer.ts';
import { burnTransactionIds, logicalCopy } from './testing/logical-copy.ts';
import { as, event, logOrder, sealAll, storeOn, type TestStore, testStore, unsealedCount } from './testing/test-store.ts';
import { verifyChain } from './verify-chain.ts';

let old: TestStore;
let cluster: TestPostgres;
let fresh: { superuser: DataSource; app: DataSource };

const nextTxid = async (on: DataSource): Promise<number> =>
  Number((await rows<{ x: string }>(on, 'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x'))[0]!.x);

/** Waiting events that the sequencer's poll would find now. */
const pollable = async (on: DataSource): Promise<number> => (await rows(on, SEAL_POLL.replace('p_limit', '100'))).length;

beforeAll(async () => {
  old = await testStore();
  cluster = await spawnPostgres(freshDir('other-cluster'));
  const url = (user: string, password: string) => `postgres://${user}:${password}@127.0.0.1:${cluster.port}/restored`;
  await asSuperuser(cluster, 'postgres', 'CREATE DATABASE restored OWNER dr_owner');
  const open = (target: string) => openDatabase({ url: target, applicationName: 'restore spec' });
  const owner = await open(url('dr_owner', cluster.password));
  await migrate(owner);
  await owner.destroy();
  fresh = { superuser: await open(url('postgres', cluster.superPassword)), app: await open(url('dr_app', cluster.password)) };
}, 60_000);

afterAll(async () => {
  await Promise.all([fresh.superuser.destroy(), fresh.app.destroy(), old[Symbol.asyncDispose]()]);
  process.kill(cluster.pid, 'SIGQUIT');
});

test('a logical copy in a fresh cluster, whose transaction ids are lower, is gone on with', async () => {
  for (let n = 0; n < 5; n += 1) await old.store.append('backup-1', n, [event(n)], as());
  await sealAll(old.app);
  const head = await logHead(old.app);
  await burnTransactionIds(old.superuser, 5_000);
  for (let n = 5; n < 8; n += 1) await old.store.append('backup-1', n, [event(n)], as());
  await old.store.append('backup-2', 0, [event()], as('command-of-old'));
  await logicalCopy(old.superuser, fresh.superuser);

  // Old numbers hide the waiting events from the poll, and from every reader that goes by them.
  expect(await nextTxid(fresh.app)).toBeLessThan(await nextTxid(old.app));
  expect(await unsealedCount(fresh.app)).toBe(4);
  expect(await pollable(fresh.app)).toBe(0);

  // Services may well append before the sequencer runs for the first time.
  const store = storeOn(fresh.app);
  await store.append('backup-1', 8, [event(8)], as());
  await store.append('backup-3', 0, [event()], as());
  expect(await store.append('backup-9', 0, [event()], as('command-of-old'))).toMatchObject({ duplicate: true, stream: 'backup-2' });

  expect(await seal(fresh.app, 1)).toEqual({ sealed: 1, head: 6, adopted: 6 });
  expect(await sealAll(fresh.app)).toBe(11);
  const order = await logOrder(fresh.app);
  expect(order.slice(0, 5)).toEqual(await logOrder(old.app));
  expect(order.filter((e) => e.startsWith('backup-1@'))).toEqual(Array.from({ length: 9 }, (_, i) => `backup-1@${i + 1}`));
  expect(new Set(order).size).toBe(11);
  expect(await verifyChain(fresh.app, { anchor: head })).toMatchObject({ ok: true, checked: 11 });

  // From now on everything is as ever.
  await store.append('backup-1', 9, [event(9)], as());
  expect(await seal(fresh.app, 10)).toEqual({ sealed: 1, head: 12, adopted: 0 });
});
