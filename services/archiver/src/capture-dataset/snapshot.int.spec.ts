/** A data set captured by a snapshot: what is read, referred to and pinned, and what is recorded of it. */
import { cpSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BackupType, backupDecider, captureDecider, datasetForCommit, type RecordCaptured, streamOf } from '@dr/domain';
import type { TreeEntry } from '@dr/repository';
import { storageIdentity } from '@dr/storage';
import { removeTestFolders, unpackFixture } from '../../../../libs/deeplake/src/testing/fixtures.ts';
import { type Archive, archive, captureAll, meta, nextBackupId, refsOf, requested, tenantOf, writeDataset } from '../testing/archive.ts';
import { soundBases } from './bases.ts';
import { captureDataset } from './capture-dataset.ts';

let on: Archive;
beforeAll(async () => {
  on = await archive();
  for (const [fixture, folder, id] of [
    ['gen-v3-full', '', 'v3'],
    ['gen-v4-full', 'ds', 'v4'],
  ] as const) {
    const from = join(await unpackFixture(fixture), folder);
    cpSync(from, join(on.house.sourceRoot, 'acme', id), { recursive: true, preserveTimestamps: true });
  }
}, 60_000);
afterAll(async () => {
  await on.close();
  await removeTestFolders();
});

function capture(datasetId: string, format: 'v3' | 'v4' | 'opaque', type: BackupType, bases?: string[]): Promise<RecordCaptured> {
  const [backupId, dataset] = [nextBackupId(), refsOf([datasetId], format)[0]!];
  const { sourceRoot, now } = on.house;
  const more = { backupId, dataset, sourceRoot, now, bases, snapshot: type === 'snapshot' };
  return on.sessions.use({ tenant: 'acme', backupId, type }, (inUse) => captureDataset({ ...inUse, ...more }));
}

async function entriesOf(root: string): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const entry of (await tenantOf(on)).entries(root)) entries.push(entry);
  return entries;
}

const bytesBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

describe.each(['v3', 'v4'] as const)('a %s data set', (format) => {
  test('that no backup holds: its metadata is stored, its data pinned, and it is told as far as structure goes', async () => {
    const full = await capture(format, format, 'full');
    const snapshot = await capture(format, format, 'snapshot');
    const { rows, branches, tags, headVersion, objects, bytes } = full;
    expect(snapshot).toMatchObject({ format, rows, branches, tags, headVersion, objects, bytes, findingCounts: { error: 0 } });
    expect(snapshot.pinned).toMatchObject({ storage: await storageIdentity(on.house.sourceRoot), path: `acme/${format}` });
    expect(snapshot.pinned!.bytes).toBeGreaterThan(bytes / 2);
    expect(snapshot.newBytes).toBeLessThan(bytes / 2);
    const { pinned } = snapshot;
    const message = expect.stringContaining(`${pinned!.objects} files of ${pinned!.bytes} bytes are only pinned`);
    expect(snapshot.findings).toContainEqual(expect.objectContaining({ code: 'W6', severity: 'info', message }));
    const entries = await entriesOf(snapshot.root);
    expect(entries.filter((entry) => entry.pinned)).toHaveLength(pinned!.objects);
    expect(entries.filter((entry) => entry.kind === 'file')).toHaveLength(objects);
  });

  test('that a backup holds: everything is referred to, nothing is stored or pinned', async () => {
    const full = await capture(format, format, 'full');
    const snapshot = await capture(format, format, 'snapshot', [full.root]);
    expect(snapshot).toMatchObject({ root: full.root, newBytes: 0, storedBytes: 0, pinned: { objects: 0, bytes: 0 } });
    expect(snapshot.findings.filter(({ code }) => code === 'W6')).toEqual([]);
  });

  test('is intact and says in the commit what of it is only pinned', async () => {
    const command = await capture(format, format, 'snapshot');
    const [event] = captureDecider.decide(captureDecider.initial, command);
    const committed = datasetForCommit(refsOf([format], format)[0]!, captureDecider.evolve(captureDecider.initial, event!));
    expect(committed).toMatchObject({ status: 'completed', pinned: command.pinned });
  });
});

test('what changed since a backup is pinned, what did not is referred to, whichever of the bases has it', async () => {
  writeDataset(on, 'changing', { 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) });
  const first = await capture('changing', 'opaque', 'full');
  writeFileSync(join(on.house.sourceRoot, 'acme/changing/b.bin'), 'B'.repeat(6000));
  rmSync(join(on.house.sourceRoot, 'acme/changing/a.bin'));
  const second = await capture('changing', 'opaque', 'full');
  writeFileSync(join(on.house.sourceRoot, 'acme/changing/a.bin'), 'A'.repeat(7000));
  const snapshot = await capture('changing', 'opaque', 'snapshot', [first.root, second.root]);
  expect(snapshot.pinned).toMatchObject({ objects: 1, bytes: 7000 });
  expect(bytesBelow(join(on.house.sourceRoot, 'acme/changing'))).toBe(snapshot.bytes);
});

test('a backup that was found damaged, or was deleted, is not referred to', async () => {
  writeDataset(on, 'kept', { 'a.bin': 'a'.repeat(5000) });
  const ids = [await requested(on, ['kept']), await requested(on, ['kept']), await requested(on, ['kept'])];
  const bases = [];
  for (const backupId of ids) {
    await captureAll(on, backupId, ['kept']);
    const { store, now } = on.house;
    const { sealBackup } = await import('../seal-backup/seal-backup.ts');
    const decision = await sealBackup({ store, sessions: on.sessions, now }, backupId);
    const { decisionFrom } = await import('@dr/domain');
    const record = { kind: 'recordDecision', decision: decisionFrom(decision!) } as const;
    await store.decide(streamOf.backup(backupId), backupDecider, record, { commandId: `decision-${backupId}`, meta });
    if (decision?.kind === 'commit') bases.push({ backupId, root: decision.datasets[0]!.root! });
  }
  const say = (backupId: string, command: Parameters<typeof backupDecider.decide>[1]) =>
    on.house.store.decide(streamOf.backup(backupId), backupDecider, command, { commandId: `say-${backupId}`, meta });
  await say(ids[0]!, { kind: 'recordVerification', verificationId: 'v1', ok: false, at: '2026-11-24T00:00:00.000Z' });
  await say(ids[1]!, { kind: 'requestDelete', by: 'key_1', force: true });
  const sound = await soundBases(on.house.store, await tenantOf(on), bases);
  expect(sound.map(({ backupId }) => backupId)).toEqual([ids[2]]);
  expect(await soundBases(on.house.store, await tenantOf(on), undefined)).toEqual([]);
});
