/** The wish to delete becomes a deleted backup, with its time, unless it was taken back before; and nothing is removed from the repository. */
import { type BackupCommand, backupDecider, streamOf } from '@dr/domain';
import type { LoggedEvent } from '@dr/event-store';
import { usableBase } from '../capture-dataset/bases.ts';
import { planBackup } from '../plan-backup/plan-backup.ts';
import { sealBackup } from '../seal-backup/seal-backup.ts';
import { SealBackups } from '../seal-backup/seal-backups.ts';
import { type Archive, archive, captureAll, eventsOf, meta, requested, tenantOf, writeDataset } from '../testing/archive.ts';
import { PURGE_AFTER_DAYS } from './plan-delete.ts';

let on: Archive;
beforeAll(async () => {
  on = await archive();
  writeDataset(on, 'one', { 'a.bin': Buffer.alloc(5000, 'one') });
}, 60_000);
afterAll(() => on.close());

const say = (backupId: string, command: BackupCommand) =>
  on.house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `${command.kind}-${backupId}`, meta });
const plan = (event: LoggedEvent) => on.house.database.transaction((tx) => planBackup(on.house, tx, event));
const wishOf = async (backupId: string) =>
  (await eventsOf(on, backupId))
    .map((event, i) => ({ ...event, position: i + 1 }) as LoggedEvent)
    .find((e) => e.type === 'BackupDeleteRequested')!;

async function sealed(): Promise<string> {
  const backupId = await requested(on, ['one']);
  await captureAll(on, backupId, ['one']);
  await sealBackup({ store: on.house.store, sessions: on.sessions, now: on.house.now }, backupId);
  const seals = new SealBackups(on.house, on.sessions, on.repository);
  const end = await seals['run']({ jobId: `seal-${backupId}`, tenant: 'acme', payload: { backupId } } as never);
  await on.house.database.transaction((tx) => end(tx));
  return backupId;
}

test('is deleted a week from the wish on, once, and its commit and files stay', async () => {
  const backupId = await sealed();
  await say(backupId, { kind: 'requestDelete', by: 'key_1', force: false });
  const wish = await wishOf(backupId);
  expect(await plan(wish)).toEqual([]);
  expect(await plan(wish)).toEqual([]);
  const events = await eventsOf(on, backupId);
  const purgeAfter = new Date(Date.parse(wish.recordedAt) + PURGE_AFTER_DAYS * 86_400_000).toISOString();
  expect(events.slice(-2)).toMatchObject([
    { type: 'BackupDeleteRequested' },
    { type: 'BackupDeleted', data: { purgeAfter }, meta: { actor: 'archiver' } },
  ]);
  const tenant = await tenantOf(on);
  const { datasets } = await tenant.commit(backupId);
  expect((await tenant.readFile(datasets[0]!.root!, 'a.bin')).length).toBe(5000);
});

test('is no base for later backups from the wish on, and is one again when it came back', async () => {
  const backupId = await sealed();
  const tenant = await tenantOf(on);
  const { datasets } = await tenant.commit(backupId);
  const base = { backupId, root: datasets[0]!.root! };
  const usable = () => usableBase(on.house.store, tenant, [base]);
  expect(await usable()).toEqual(base);
  await say(backupId, { kind: 'requestDelete', by: 'key_1', force: false });
  expect(await usable()).toBeUndefined();
  await say(backupId, { kind: 'undelete', by: 'key_1' });
  expect(await usable()).toEqual(base);
});

test('a wish that was taken back before it was read is not carried out', async () => {
  const backupId = await sealed();
  await say(backupId, { kind: 'requestDelete', by: 'key_1', force: false });
  await say(backupId, { kind: 'undelete', by: 'key_1' });
  await plan(await wishOf(backupId));
  expect((await eventsOf(on, backupId)).at(-1)?.type).toBe('BackupUndeleted');
});
