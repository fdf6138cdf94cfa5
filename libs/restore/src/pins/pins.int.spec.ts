/** Data sets of a snapshot restored: what it only pins comes from another backup, else from the source, else it is named as missing. */
import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DatasetFormat, inspectDataset, planCapture } from '@dr/deeplake';
import { type BackupType, type Commit, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { type ObjectStore, openSourceFolder, openStore, storageIdentity } from '@dr/storage';
import { freshDir } from '../../../../test/support/servers.ts';
import { removeTestFolders, unpackFixture } from '../../../deeplake/src/testing/fixtures.ts';
import type { RestoreChoices } from '../options.ts';
import { planRestore } from '../plan/plan-restore.ts';
import { restoreDataset } from '../restore-dataset.ts';
import { placeOf } from '../target/place.ts';
import { choices } from '../testing/backed-up.ts';
import { copyLive } from './copy-live.ts';
import { findPins } from './find-pins.ts';

const NOW = Date.UTC(2100, 0, 1);
const now = () => NOW;
let store: ObjectStore;
let repository: Repository;
let tenant: TenantRepository;
/** Absolute folder of all data sets; the data set of a test is `acme/set`. */
let source: string;
let number = 0;

beforeEach(async () => {
  store = await openStore(freshDir('store'));
  const unlock = { passphrase: async () => 'a test' };
  repository = await initRepository(store, { unlock, encryption: false, workers: 1, now });
  tenant = await repository.tenant('acme', { create: true });
  source = freshDir('source');
});
afterEach(async () => {
  await repository.close();
  await store.close();
});
afterAll(removeTestFolders);

const at = (path = '') => join(source, 'acme/set', path);

function write(files: Record<string, string>): void {
  cpSync(freshDir('empty'), at(), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    cpSync(freshDir('empty'), join(at(path), '..'), { recursive: true });
    writeFileSync(at(path), content);
  }
}

async function backUp(type: BackupType, format: DatasetFormat = 'opaque'): Promise<Commit> {
  const backupId = `backup_${++number}`.replace(/\d+$/, (n) => n.padStart(4, '0'));
  const session = await tenant.session(backupId, { type });
  const plan = await planCapture(await openSourceFolder(at()), { now, format, pins: type === 'snapshot', sleep: async () => undefined });
  const { root, objects, bytes, newBytes, pinned } = await session.capture({ datasetId: 'set', root: at(), files: plan.files });
  const place = { ...pinned, storage: await storageIdentity(source), path: 'acme/set' };
  const set = { datasetId: 'set', format, root, status: 'completed', objects, bytes, newBytes, pinned: place };
  const commit = await session.commit({ backupId, tenant: 'acme', type, datasets: [set], createdAtMs: 0, expected: 1 });
  await session.close();
  return commit as Commit;
}

interface Wish {
  to?: string;
  liveRoot?: string | undefined;
  progress?: () => void;
}

function requestOf(commit: Commit, options: Partial<RestoreChoices>, { to = 'back', progress = () => undefined, ...more }: Wish) {
  const { root, format } = commit.datasets[0]!;
  const liveRoot = 'liveRoot' in more ? more.liveRoot : source;
  const dataset = { from: 'set', to, format, root: root! };
  const place = placeOf(source, { tenant: 'acme', dataset: to, restoreId: 'restore_1', n: 1, token: 1 });
  const on = { tenant, commit, dataset, options: choices(options), sourceRoot: source, liveRoot, place };
  return { ...on, signal: new AbortController().signal, progress, now, beginSwap: async () => undefined };
}

const restore = (commit: Commit, options: Partial<RestoreChoices> = {}, wish: Wish = {}) =>
  restoreDataset(requestOf(commit, options, wish));

async function plan(commit: Commit, options: Partial<RestoreChoices> = {}, wish: Wish = {}) {
  const { dataset, ...request } = requestOf(commit, options, wish);
  return planRestore({ ...request, targetTenant: 'acme', datasets: [dataset], now: NOW, detail: true });
}

/** Paths with content, mode and time of change. */
function contentsOf(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).filter((name) => !name.endsWith('next_base'));
  return Object.fromEntries(
    names.sort().map((name) => {
      const { mode, mtimeNs } = lstatSync(join(folder, name), { bigint: true });
      const isFolder = lstatSync(join(folder, name)).isDirectory();
      const bytes = isFolder ? 'folder' : readFileSync(join(folder, name)).toString('base64');
      return [name, `${mode} ${isFolder && name.startsWith('_deeplake_log/') ? '' : mtimeNs / 1000n} ${bytes}`];
    }),
  );
}

const back = () => join(source, 'acme/back');

describe('from the source', () => {
  test('as long as it is what it was: byte for byte, with modes and times', async () => {
    write({ 'a.bin': 'a'.repeat(3_000_000), 'deep/b.bin': 'b', 'deep/empty': '' });
    utimesSync(at('deep/b.bin'), 1_700_000_000.123456, 1_700_000_000.123456);
    const snapshot = await backUp('snapshot');
    expect(snapshot.datasets[0]!.pinned).toMatchObject({ objects: 3, bytes: 3_000_001 });
    expect(await restore(snapshot)).toMatchObject({ objects: 3, bytes: 3_000_001, findings: expect.any(Array) });
    expect(contentsOf(back())).toEqual(contentsOf(at()));
  });

  test('also over the very data set that it is taken from', async () => {
    write({ 'a.bin': 'a', 'b.bin': 'b' });
    const snapshot = await backUp('snapshot');
    writeFileSync(at('new.bin'), 'since then');
    const before = readFileSync(at('a.bin'), 'utf8');
    await restore(snapshot, { overwriteExisting: true }, { to: 'set' });
    expect([readdirSync(at()).sort(), readFileSync(at('a.bin'), 'utf8')]).toEqual([['a.bin', 'b.bin'], before]);
  });

  test.each<[string, () => void]>([
    ['changed', () => writeFileSync(at('b.bin'), 'BB')],
    ['vanished', () => rmSync(at('b.bin'))],
  ])('not when it %s after it was looked for', async (_, disturb) => {
    write({ 'a.bin': 'a', 'b.bin': 'b' });
    const { dataset, commit } = requestOf(await backUp('snapshot'), {}, {});
    const pins = await findPins({ tenant, commit, dataset, liveRoot: source, wanted: () => true });
    disturb();
    const copy = copyLive(pins, { tenant, dataset, staging: freshDir('staging'), signal: new AbortController().signal });
    await expect(copy).rejects.toMatchObject({ code: 'restore.pinned_gone', message: expect.stringContaining('b.bin') });
  });

  test('not from another storage, nor where none is looked at', async () => {
    write({ 'a.bin': 'a' });
    const snapshot = await backUp('snapshot');
    const copy = freshDir('copy');
    cpSync(source, copy, { recursive: true, preserveTimestamps: true });
    const elsewhere = restore(snapshot, {}, { liveRoot: copy });
    await expect(elsewhere).rejects.toMatchObject({ code: 'restore.pinned_gone', message: expect.stringContaining('not the storage') });
    const alone = restore(snapshot, {}, { liveRoot: undefined });
    await expect(alone).rejects.toMatchObject({ message: expect.stringMatching(/without the house .* a\.bin\./s) });
    const gone = restore(snapshot, {}, { liveRoot: join(copy, 'nothing') });
    await expect(gone).rejects.toMatchObject({ message: expect.stringContaining('cannot be read at the source') });
    expect(existsSync(back())).toBe(false);
  });
});

describe('from the repository', () => {
  test('when a later backup read the same files, whatever became of the source', async () => {
    write({ 'a.bin': 'a'.repeat(2_000_000), 'deep/b.bin': 'b' });
    const snapshot = await backUp('snapshot');
    await backUp('full');
    const contents = contentsOf(at());
    rmSync(at(), { recursive: true });
    const planned = await plan(snapshot, {}, { liveRoot: undefined });
    expect(planned).toMatchObject({
      conflicts: [],
      datasets: [{ status: 'completed', pinned: { held: { objects: 2, bytes: 2_000_001 } } }],
    });
    expect(await restore(snapshot, {}, { liveRoot: undefined })).toMatchObject({ objects: 2 });
    expect(contentsOf(back())).toEqual(contents);
  });

  test('first, and the rest from the source', async () => {
    write({ 'a.bin': 'a', 'b.bin': 'b' });
    const snapshot = await backUp('snapshot');
    rmSync(at('b.bin'));
    await backUp('full');
    writeFileSync(at('b.bin'), 'other');
    write({ 'c.bin': 'c' });
    const second = await backUp('snapshot');
    const { datasets } = await plan(second);
    expect(datasets[0]!.pinned).toMatchObject({ held: { objects: 1 }, live: { objects: 2 }, missing: { objects: 0 }, missingPaths: [] });
    await restore(second);
    expect(contentsOf(back())).toEqual(contentsOf(at()));
    await expect(restore(snapshot, {}, { to: 'other' })).rejects.toMatchObject({ code: 'restore.pinned_gone' });
  });
});

describe('what is gone', () => {
  test('is named, by the plan and by the refusal, and nothing is restored', async () => {
    write({ 'a.bin': 'a', 'b.bin': 'b' });
    const snapshot = await backUp('snapshot');
    writeFileSync(at('b.bin'), 'BB');
    const planned = await plan(snapshot);
    expect(planned.datasets[0]).toMatchObject({
      status: 'partial',
      pinned: { live: { objects: 1 }, missing: { objects: 1, bytes: 1 }, missingPaths: ['b.bin'] },
    });
    expect(planned.conflicts).toEqual([
      expect.objectContaining({ code: 'restore.pinned_gone', message: expect.stringContaining('b.bin') }),
    ]);
    await expect(restore(snapshot)).rejects.toMatchObject({ details: { dataset: 'set', paths: ['b.bin'], files: 1, bytes: 1 } });
    expect(readdirSync(join(source, 'acme'))).toEqual(['set']);
  });

  test('does not keep chosen paths from being restored', async () => {
    write({ 'a.bin': 'a', 'b.bin': 'b' });
    const snapshot = await backUp('snapshot');
    writeFileSync(at('b.bin'), 'BB');
    expect((await restore(snapshot, { paths: ['a.bin'] })).lacks).toMatch(/^Only the paths a\.bin were restored\.$/);
    expect((await restore(snapshot, { paths: ['*.bin'] }, { to: 'part' })).lacks).toMatch(
      /only pinned 1 files of 1 bytes that are gone .*: b\.bin/,
    );
    expect(readdirSync(join(source, 'acme/part'))).toEqual(['a.bin']);
    await expect(restore(snapshot, { paths: ['b.bin'] }, { to: 'none' })).rejects.toMatchObject({ code: 'restore.paths_match_nothing' });
  });
});

describe.each([
  ['v4', 'gen-v4-series', '5-branch-tag-compact', /^[0-9a-z]{1,13}\/(i\/)?[0-9a-z]{2}\/[0-9a-z]{23}$/],
  ['v3', 'v3-tiny', '', /\/chunks\/[0-9a-f]+$/],
] as const)('a %s data set', (format, archive, set, isData) => {
  beforeEach(async () => cpSync(join(await unpackFixture(archive), set), at(), { recursive: true, preserveTimestamps: true }));

  test('comes back from the source as a full would bring it', async () => {
    const snapshot = await backUp('snapshot', format);
    expect((await restore(snapshot)).lacks).toBeUndefined();
    const full = await backUp('full', format);
    await restore(full, {}, { to: 'full' });
    expect(contentsOf(back())).toEqual(contentsOf(join(source, 'acme/full')));
  });

  test('is refused when a live version lacks a file, naming it', async () => {
    const snapshot = await backUp('snapshot', format);
    const gone: string[] = [];
    for await (const { path, pinned } of tenant.entries(snapshot.datasets[0]!.root!)) if (pinned && isData.test(path)) gone.push(path);
    for (const path of gone) rmSync(at(path));
    await expect(restore(snapshot)).rejects.toMatchObject({ code: 'restore.pinned_gone', message: expect.stringContaining(gone[0]!) });
  });
});

test('a version that is cut out of a snapshot takes its files from where they are, and is refused without one of them', async () => {
  cpSync(join(await unpackFixture('gen-v4-series'), '5-branch-tag-compact'), at(), { recursive: true, preserveTimestamps: true });
  const snapshot = await backUp('snapshot', 'v4');
  const { versions } = await inspectDataset(await openSourceFolder(at()), { format: 'v4' });
  const { version } = versions.filter(({ branch, rows }) => branch === 'main' && rows > 0)[0]!;
  expect((await restore(snapshot, { version })).lacks).toBeUndefined();
  const full = await backUp('full', 'v4');
  await restore(full, { version }, { to: 'full', liveRoot: undefined });
  expect(Object.keys(contentsOf(back()))).toEqual(Object.keys(contentsOf(join(source, 'acme/full'))));
  const next = await backUp('snapshot', 'v4');
  const { pinned } = (await plan(next, { version })).datasets[0]!;
  expect(pinned).toMatchObject({ missing: { objects: 0 } });
  expect(pinned!.held.objects + pinned!.live.objects).toBeGreaterThan(0);
});

test('a v4 data set of which only superseded versions lack something is partial, and says what', async () => {
  cpSync(join(await unpackFixture('gen-v4-series'), '5-branch-tag-compact'), at(), { recursive: true, preserveTimestamps: true });
  const snapshot = await backUp('snapshot', 'v4');
  const folder = await openSourceFolder(at());
  const without = (left: string) => ({
    read: folder.read.bind(folder),
    list: async function* () {
      for await (const page of folder.list()) yield page.filter(({ path }) => path !== left);
    },
  });
  const superseded: string[] = [];
  for await (const { path, pinned } of tenant.entries(snapshot.datasets[0]!.root!)) {
    if (pinned && (await inspectDataset(without(path), { format: 'v4' })).intact) superseded.push(path);
  }
  expect(superseded.length).toBeGreaterThan(0);
  rmSync(at(superseded[0]!));
  const planned = await plan(snapshot);
  expect([planned.conflicts, planned.datasets[0]!.status]).toEqual([[], 'partial']);
  expect(planned.warnings.join(' ')).toMatch(/only pins files that are gone/);
  expect((await restore(snapshot)).lacks).toContain(superseded[0]!);
});
