/** How a backup ends: by one object in a real repository, and then, only then, by an event in a real database. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemStateId } from '@dr/config';
import { backupDecider, captureDecider, decisionFrom, streamOf } from '@dr/domain';
import { type ClaimedJob, KeepTrying } from '@dr/jobs';
import type { SealPayload } from '../plan-backup/plan-backup.ts';
import type { OpenSessions } from '../sessions/open-sessions.ts';
import {
  type Archive,
  archive,
  capture,
  captureAll,
  eventsOf,
  keyOf,
  meta,
  refsOf,
  requested,
  tenantOf,
  writeDataset,
} from '../testing/archive.ts';
import { sealBackup } from './seal-backup.ts';
import { SealBackups } from './seal-backups.ts';

let on: Archive;
let seals: SealBackups;
beforeAll(async () => {
  on = await archive();
  seals = new SealBackups(on.house, on.sessions, on.repository);
  writeDataset(on, 'one', { 'a.bin': Buffer.alloc(5000, 'one') });
  writeDataset(on, 'two', { 'b.bin': Buffer.alloc(5000, 'two') });
}, 60_000);
afterAll(() => on.close());

const seal = (backupId: string) => sealBackup({ store: on.house.store, sessions: on.sessions, now: on.house.now }, backupId);
const jobOf = (backupId: string) => ({ jobId: `seal-${backupId}`, tenant: 'acme', payload: { backupId } }) as ClaimedJob<SealPayload>;
const run = async (backupId: string) => {
  const end = await seals['run'](jobOf(backupId));
  await on.house.database.transaction((tx) => end(tx));
};
/** The last try of a job that fails with `why`. */
const dead = async (backupId: string, why = 'tried too often') => {
  const broken = { use: () => Promise.reject(new Error(why)) } as unknown as OpenSessions;
  const end = await new SealBackups(on.house, broken, on.repository)['run']({ ...jobOf(backupId), attempts: 40, attemptsMax: 40 });
  await on.house.database.transaction((tx) => end(tx));
};
const lastEvent = async (backupId: string) => (await eventsOf(on, backupId)).at(-1);
const decisionOf = async (backupId: string) => (await tenantOf(on)).decision(backupId);
const abandon = (backupId: string, reason: string) => on.sessions.use(keyOf(backupId), ({ session }) => session.abandon(reason));

describe('the decision', () => {
  test('is a commit of everything that was captured', async () => {
    const backupId = await requested(on, ['one', 'two']);
    await captureAll(on, backupId, ['one', 'two']);
    const decision = await seal(backupId);
    expect(decision).toMatchObject({
      kind: 'commit',
      backupId,
      datasets: [{ datasetId: 'one', status: 'completed' }, { datasetId: 'two' }],
    });
    expect(await decisionOf(backupId)).toEqual(decision);
  });

  test('says in a commit what was left out, for who has no log', async () => {
    const leftOut = { total: 1, lost: 1, paths: [{ path: 'acme/shut', reason: 'unreadable' }] } as const;
    const backupId = await requested(on, ['one'], { leftOut });
    await captureAll(on, backupId, ['one']);
    expect(await seal(backupId)).toMatchObject({ kind: 'commit', extra: { leftOut } });
    await run(backupId);
    expect(await lastEvent(backupId)).toMatchObject({ data: { outcome: 'partial', missing: [{ datasetId: 'acme/shut' }] } });
  });

  test('names in a commit what could not be captured', async () => {
    const backupId = await requested(on, ['one', 'gone']);
    await captureAll(on, backupId, ['one', 'gone'], 1);
    const decision = await seal(backupId);
    expect(decision).toMatchObject({
      kind: 'commit',
      datasets: [{ status: 'completed' }, { datasetId: 'gone', status: 'failed', cause: 'gone is away' }],
    });
  });

  test('is a tombstone with the causes when nothing was captured', async () => {
    const backupId = await requested(on, ['gone', 'away']);
    await captureAll(on, backupId, ['gone', 'away'], 0);
    const reason = /^backup\.nothing_captured: .*gone: gone is away; away: away is away/;
    expect(await seal(backupId)).toMatchObject({ kind: 'tombstone', reason: expect.stringMatching(reason) });
  });

  test('is a tombstone when nothing but system state was captured: that alone is no backup', async () => {
    const state = systemStateId('etc');
    const backupId = await requested(on, ['gone', state]);
    const { house } = on;
    for (const { n, datasetId } of refsOf(['gone', state])) {
      const common = { backupId, n, datasetId, findings: [] };
      const counts = { objects: 1, bytes: 1, newBytes: 1, storedBytes: 1, rows: 0, branches: [], tags: [] };
      const command =
        n === 1
          ? ({ kind: 'recordFailed', ...common, code: 'capture.failed', message: 'gone' } as const)
          : ({ kind: 'recordCaptured', ...common, ...counts, format: 'opaque', root: 'ab' } as const);
      await house.store.decide(streamOf.capture(backupId, n), captureDecider, command, { commandId: `c-${backupId}-${n}`, meta });
    }
    expect(await seal(backupId)).toMatchObject({ kind: 'tombstone' });
  });

  test('is not made for a backup that has ended in the log', async () => {
    const backupId = await requested(on, ['one']);
    const decision = decisionFrom({ kind: 'tombstone', backupId, reason: 'cancelled' });
    await on.house.store.decide(
      streamOf.backup(backupId),
      backupDecider,
      { kind: 'recordDecision', decision },
      { commandId: `end-${backupId}`, meta },
    );
    expect(await seal(backupId)).toBeUndefined();
    expect(await decisionOf(backupId)).toBeUndefined();
  });
});

describe('the job', () => {
  test('records the commit, and repeated records nothing more', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await run(backupId);
    expect(await lastEvent(backupId)).toMatchObject({
      type: 'BackupSealed',
      data: { outcome: 'completed', expected: 1, done: 1, missing: [] },
    });
    const before = (await eventsOf(on, backupId)).length;
    await run(backupId);
    expect(await eventsOf(on, backupId)).toHaveLength(before);
  });

  test('finds the commit of a worker that died before its event', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    const decision = await seal(backupId);
    await run(backupId);
    expect(await lastEvent(backupId)).toMatchObject({
      type: 'BackupSealed',
      data: { checksum: (decision as { checksum: string }).checksum },
    });
  });

  test.each([
    ['cancelled', 'BackupCancelled', {}],
    ['backup.odd: it was given up', 'BackupFailed', { code: 'backup.odd', message: 'it was given up' }],
  ])('follows the tombstone "%s", however well the captures went', async (reason, type, data) => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await abandon(backupId, reason);
    await run(backupId);
    expect(await lastEvent(backupId)).toMatchObject({ type, data });
    expect(await decisionOf(backupId)).toMatchObject({ kind: 'tombstone' });
  });

  test('gives a backup its tombstone at once when what was captured is not there any more', async () => {
    writeDataset(on, 'lost', { 'unique.bin': Buffer.from(Array.from({ length: 20_000 }, (_, i) => (i * 7919) >> 3)) });
    const packsBefore = new Set(packs());
    const backupId = await requested(on, ['lost']);
    await captureAll(on, backupId, ['lost']);
    const fresh = packs().filter((pack) => !packsBefore.has(pack));
    expect(fresh.length).toBeGreaterThan(0);
    for (const pack of fresh) rmSync(pack);
    await run(backupId);
    expect(await lastEvent(backupId)).toMatchObject({ type: 'BackupFailed', data: { code: 'backup.seal_failed' } });
  });
});

const repositoryFolder = () => fileURLToPath(on.house.config.repository.uri);
const packs = (): string[] =>
  (readdirSync(repositoryFolder(), { recursive: true }) as string[])
    .filter((p) => /\/packs?\/.*\w{20}/.test(p))
    .map((p) => join(repositoryFolder(), p));

describe('a job that is given up', () => {
  test('ends the backup by a tombstone that says why', async () => {
    const backupId = await requested(on, ['one']);
    await capture(on, backupId, refsOf(['one'])[0]!);
    await dead(backupId);
    expect(await lastEvent(backupId)).toMatchObject({
      type: 'BackupFailed',
      data: { code: 'backup.seal_failed', message: 'tried too often' },
    });
    expect(await decisionOf(backupId)).toMatchObject({ kind: 'tombstone' });
  });

  test('records the commit that stands there already: the log never contradicts storage', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await seal(backupId);
    await dead(backupId, 'the database was away');
    expect(await lastEvent(backupId)).toMatchObject({ type: 'BackupSealed', data: { outcome: 'completed' } });
  });

  test('throws while no tombstone can be put, and writes no end of its own', async () => {
    const backupId = await requested(on, ['one']);
    const away = { open: () => Promise.reject(new Error('the store is away')) } as never;
    const without = new SealBackups(on.house, on.sessions, away);
    await expect(without['run']({ ...jobOf(backupId), attempts: 40, attemptsMax: 40 })).rejects.toThrow('the store is away');
    await expect(on.house.database.transaction((tx) => without['onDead'](tx, jobOf(backupId), 'x'))).rejects.toThrow(KeepTrying);
    expect(await lastEvent(backupId)).toMatchObject({ type: 'BackupStarted' });
  });

  test('says nothing about a backup that has ended', async () => {
    const backupId = await requested(on, ['one']);
    await captureAll(on, backupId, ['one']);
    await run(backupId);
    await dead(backupId);
    expect(await lastEvent(backupId)).toMatchObject({ type: 'BackupSealed' });
  });
});
