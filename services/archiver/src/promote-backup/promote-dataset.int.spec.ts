/** A data set of a snapshot made whole in a full: what is recorded of it, and what is told when something is gone. */
import { cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type BackupType, captureDecider, datasetForCommit, type RecordCaptured } from '@dr/domain';
import type { Commit } from '@dr/repository';
import { removeTestFolders, unpackFixture } from '../../../../libs/deeplake/src/testing/fixtures.ts';
import { captureDataset } from '../capture-dataset/capture-dataset.ts';
import { type Archive, archive, nextBackupId, refsOf, tenantOf, writeDataset } from '../testing/archive.ts';
import { promoteDataset } from './promote-dataset.ts';

let on: Archive;
beforeAll(async () => {
  on = await archive();
}, 60_000);
afterAll(async () => {
  await on.close();
  await removeTestFolders();
});

/** Files younger than that are read by a snapshot, not pinned: their identity would prove nothing. */
const untilSettled = () => pause(60);

const inSource = (path: string) => join(on.house.sourceRoot, 'acme', path);
type Format = 'v3' | 'v4' | 'opaque';

/** Captures and commits, as the archiver's jobs would. */
async function backUp(datasetId: string, format: Format, type: BackupType): Promise<{ commit: Commit; record: RecordCaptured }> {
  const [backupId, dataset] = [nextBackupId(), refsOf([datasetId], format)[0]!];
  const { sourceRoot, now } = on.house;
  await untilSettled();
  return on.sessions.use({ tenant: 'acme', backupId, type }, async (inUse) => {
    const record = await captureDataset({ ...inUse, backupId, dataset, sourceRoot, now, snapshot: type === 'snapshot' });
    const [event] = captureDecider.decide(captureDecider.initial, record);
    const datasets = [datasetForCommit(dataset, captureDecider.evolve(captureDecider.initial, event!))];
    const commit = await inUse.session.commit({ backupId, tenant: 'acme', type, datasets, createdAtMs: 0, expected: 1 });
    return { commit: commit as Commit, record };
  });
}

function promote(snapshotId: string, datasetId: string, format: Format): Promise<RecordCaptured> {
  const [backupId, dataset] = [nextBackupId(), refsOf([datasetId], format)[0]!];
  const more = { backupId, dataset, snapshotId, sourceRoot: on.house.sourceRoot };
  return on.sessions.use({ tenant: 'acme', backupId, type: 'full' }, (inUse) => promoteDataset({ ...inUse, ...more }));
}

describe.each([
  ['v3', 'gen-v3-full', ''],
  ['v4', 'gen-v4-full', 'ds'],
] as const)('a %s data set', (format, fixture, folder) => {
  test('is recorded as a full would have recorded it', async () => {
    cpSync(join(await unpackFixture(fixture), folder), inSource(format), { recursive: true, preserveTimestamps: true });
    const snapshot = await backUp(format, format, 'snapshot');
    expect(snapshot.record.pinned!.objects).toBeGreaterThan(0);
    const promoted = await promote(snapshot.commit.backupId, format, format);
    const { rows, branches, tags, headVersion, objects, bytes, findings } = (await backUp(format, format, 'full')).record;
    expect(promoted).toMatchObject({ format, rows, branches, tags, headVersion, objects, bytes, findings });
    expect(promoted.pinned).toBeUndefined();
    expect(promoted.findingCounts).toMatchObject({ error: 0 });
  });
});

test('the state is that of the snapshot, whatever was written since beside what it pins', async () => {
  writeDataset(on, 'growing', { 'a.bin': 'a'.repeat(5000) });
  const { commit } = await backUp('growing', 'opaque', 'snapshot');
  writeFileSync(inSource('growing/b.bin'), 'later');
  const promoted = await promote(commit.backupId, 'growing', 'opaque');
  expect(promoted).toMatchObject({ objects: 2, bytes: 5002 });
  const stored = await (await tenantOf(on)).readFile(promoted.root, 'a.bin');
  expect(Buffer.from(stored).equals(readFileSync(inSource('growing/a.bin')))).toBe(true);
});

test('what is gone is an error that names it, so that the data set is partial', async () => {
  writeDataset(on, 'lossy', { 'a.bin': 'a'.repeat(5000), 'b.bin': 'b'.repeat(5000) });
  const { commit } = await backUp('lossy', 'opaque', 'snapshot');
  rmSync(inSource('lossy/b.bin'));
  const promoted = await promote(commit.backupId, 'lossy', 'opaque');
  const [gone] = promoted.findings;
  expect([gone!.code, gone!.severity, gone!.path, promoted.findingCounts!.error, promoted.objects]).toEqual(['W1', 'error', 'b.bin', 1, 2]);
});

test('with nothing left it fails, naming the first of what is gone', async () => {
  writeDataset(on, 'lost', { 'a.bin': 'a'.repeat(5000) });
  const { commit } = await backUp('lost', 'opaque', 'snapshot');
  renameSync(inSource('lost'), inSource('moved-away'));
  const promoted = promote(commit.backupId, 'lost', 'opaque');
  await expect(promoted).rejects.toMatchObject({
    code: 'promote.not_possible',
    message: expect.stringMatching(/2 files are gone, the first is a\.bin .*cannot be read at the source/s),
  });
});

test('a snapshot that has it not, or is not there, is no reason to try again', async () => {
  writeDataset(on, 'here', { 'a.bin': 'a' });
  const { commit } = await backUp('here', 'opaque', 'snapshot');
  await expect(promote(commit.backupId, 'not-here', 'opaque')).rejects.toMatchObject({ code: 'promote.not_possible' });
  await expect(promote('backup_20200101_000000_00000000', 'here', 'opaque')).rejects.toMatchObject({ code: 'promote.not_possible' });
});
