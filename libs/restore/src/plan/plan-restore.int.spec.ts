/** What a plan says of a real backup and a real disk, that it writes nothing, and that the restore refuses what the plan calls a conflict. */
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDir } from '../../../../test/support/servers.ts';
import type { RestoreChoices } from '../options.ts';
import { restoreDataset } from '../restore-dataset.ts';
import { findPlace } from '../target/place.ts';
import { type BackedUp, backedUp, choices } from '../testing/backed-up.ts';
import { mayMount, mounted } from '../testing/mounts.ts';
import { planRestore } from './plan-restore.ts';

const finding = { format: 'opaque', code: 'F1', severity: 'error', path: 'gone', message: 'it could not be read' };
const MB = 1_000_000;

let backup: BackedUp;
let sourceRoot: string;
beforeAll(async () => {
  const papers = { 'a.txt': 'one', 'deep/b.bin': Buffer.alloc(2 * MB, 'b'), 'queries.json': '[]', 'linked_creds.json': '{}' };
  const about = { torn: { status: 'partial', findings: [finding] }, columns: { format: 'v4' as const } };
  backup = await backedUp({ papers, torn: { x: 'x' }, columns: { y: 'y' }, 'team/set': { z: 'z' } }, about);
}, 60_000);
afterAll(() => backup.close());
beforeEach(() => {
  sourceRoot = freshDir('source');
});

const now = Date.now();
const plan = (
  more: {
    datasets?: ReturnType<BackedUp['set']>[];
    detail?: boolean;
    rate?: number;
    options?: Partial<RestoreChoices>;
    root?: string;
    targetTenant?: string;
  } = {},
) =>
  planRestore({
    tenant: backup.tenant,
    commit: backup.commit,
    targetTenant: more.targetTenant ?? 'acme',
    datasets: more.datasets ?? [backup.set('papers')],
    options: choices(more.options),
    sourceRoot: more.root ?? sourceRoot,
    now: Date.now(),
    detail: more.detail ?? true,
    rate: more.rate,
  });

const restore = async (root: string, options: Partial<RestoreChoices> = {}, planned?: string, dataset = 'papers') =>
  restoreDataset({
    tenant: backup.tenant,
    commit: backup.commit,
    dataset: backup.set('papers', dataset),
    options: choices(options),
    place: await findPlace(root, { tenant: 'acme', dataset, restoreId: 'r', n: 1, token: 1 }),
    sourceRoot: root,
    planned,
    signal: new AbortController().signal,
    progress: () => undefined,
    now: Date.now,
    beginSwap: async () => undefined,
  });

const target = (path = '') => join(sourceRoot, 'acme', 'papers', path);
function put(path: string, content: string | Buffer): void {
  mkdirSync(join(target(path), '..'), { recursive: true });
  writeFileSync(target(path), content);
}

test('into nothing: everything is new, sizes and time are told, nothing is written', async () => {
  const found = await plan({ rate: MB });
  expect(found).toMatchObject({ objects: 5, bytes: 2 * MB + 9, seconds: 3, conflicts: [] });
  expect(found.datasets[0]).toMatchObject({ from: 'papers', to: 'papers', status: 'completed', target: { exists: false } });
  expect(found.datasets[0]!.changes).toMatchObject({ added: { files: 5, bytes: 2 * MB + 9 }, removed: { files: 0 } });
  expect(found.bytesFree).toBeGreaterThan(found.bytesNeeded);
  expect(readdirSync(sourceRoot)).toEqual([]);
});

test('before the first restore nothing is known of the time', async () => expect((await plan()).seconds).toBeUndefined());

test('over what is there: new, replaced, same and removed files are counted', async () => {
  await restore(sourceRoot);
  put('a.txt', 'another one');
  put('mine.txt', 'mine');
  const found = await plan({ options: { overwriteExisting: true } });
  expect(found.datasets[0]!.changes).toEqual({
    added: { files: 0, bytes: 0 },
    replaced: { files: 1, bytes: 3 },
    same: { files: 4, bytes: 2 * MB + 6 },
    removed: { files: 1, bytes: 4 },
  });
  expect(found.datasets[0]!.target).toMatchObject({ exists: true, objects: 6 });
  expect(found.conflicts).toEqual([]);
});

test('what must be looked at after the restore is warned of', async () => {
  const { warnings } = await plan({ datasets: [backup.set('papers', 'moved'), backup.set('torn'), backup.set('columns')] });
  expect(warnings.join('\n')).toMatch(/torn with loss.*Saved views of moved .*moved: samples that are links.*columns: version times/s);
  expect((await plan()).warnings.join()).not.toContain('Saved views');
});

describe('what is in the way is a conflict, and the restore refuses it with the same code', () => {
  const cases: [string, string, Partial<RestoreChoices>, () => void][] = [
    ['a target without overwrite', 'restore.target_exists', {}, () => put('a.txt', 'x')],
    ['a fresh lock of v3', 'restore.target_locked', { overwriteExisting: true }, () => put('dataset_lock.lock', 'x')],
    ['a fresh lock of v4', 'restore.target_locked', { overwriteExisting: true }, () => put('_deeplake_log/_meta/meta_ops.lock', '')],
    ['a file instead of the target', 'restore.target_is_no_folder', {}, () => put('../papers', 'x')],
    [
      'a link instead of the tenant',
      'restore.target_is_no_folder',
      { overwriteExisting: true },
      () => symlinkSync(freshDir('outside'), join(sourceRoot, 'acme')),
    ],
    ['globs that match nothing', 'restore.paths_match_nothing', { paths: ['nothing/**'] }, () => undefined],
  ];
  test.each(cases)('%s: %s', async (_, code, options, prepare) => {
    prepare();
    expect((await plan({ options, detail: false })).conflicts).toMatchObject([{ code, dataset: 'papers' }]);
    await expect(restore(sourceRoot, options)).rejects.toMatchObject({ code });
    const left = existsSync(join(sourceRoot, 'acme')) ? readdirSync(join(sourceRoot, 'acme')) : [];
    expect(left.filter((name) => name.startsWith('.dr-'))).toEqual([]);
  });

  test('an old lock, and the leftovers of flock, are no conflict; force takes a fresh one', async () => {
    put('dataset_lock.lock', 'x');
    utimesSync(target('dataset_lock.lock'), now / 1000 - 400, now / 1000 - 400);
    put('_deeplake_log/main/next_base.lock', '');
    expect((await plan({ options: { overwriteExisting: true } })).conflicts).toEqual([]);
    put('x/queries.lock', 'x');
    expect((await plan({ options: { overwriteExisting: true } })).conflicts).toHaveLength(1);
    expect((await plan({ options: { overwriteExisting: true, force: true } })).conflicts).toEqual([]);
  });

  describe('data sets do not lie in each other', () => {
    const V4 = '_deeplake_log/_meta/1.json';
    const overwrite = { options: { overwriteExisting: true }, detail: false };
    const conflictsAt = async (to: string, from = 'papers') =>
      (await plan({ ...overwrite, datasets: [backup.set(from, to)] })).conflicts.map(({ code, message }) => `${code}: ${message}`);
    const restoreAt = async (to: string) => restore(sourceRoot, { overwriteExisting: true }, undefined, to);

    test.each([
      ['one of v4', `../v4set/${V4}`, 'v4set'],
      ['one of v3', '../v3set/dataset_meta.json', 'v3set'],
      ['one further down', `../group/deep/${V4}`, 'group/deep'],
    ])('inside of %s', async (_, file, dataset) => {
      put(file, '{}');
      for (const to of [`${dataset}/sub`, `${dataset}/sub/further`]) {
        expect(await conflictsAt(to)).toEqual([
          expect.stringMatching(`^restore.target_inside_dataset: acme/${to} lies inside.*acme/${dataset},`),
        ]);
        await expect(restoreAt(to)).rejects.toMatchObject({ code: 'restore.target_inside_dataset' });
      }
      expect(existsSync(target(`../${dataset}/sub`))).toBe(false);
      expect(await conflictsAt(`${dataset}2/sub`)).toEqual([]);
    });

    test('above some: what is there stays, overwrite or not', async () => {
      put(`../group/deep/set/${V4}`, '{}');
      for (const to of ['group', 'group/deep']) {
        expect(await conflictsAt(to)).toEqual([expect.stringMatching(`^restore.target_above_datasets: acme/${to} is no data set`)]);
        await expect(restoreAt(to)).rejects.toMatchObject({ code: 'restore.target_above_datasets' });
      }
      expect(existsSync(target(`../group/deep/set/${V4}`))).toBe(true);
      expect(await conflictsAt('group/other')).toEqual([]);
      expect(await conflictsAt('group/deep/set')).toEqual([]);
    });

    test('inside of one without any root: nothing is mapped into it, but a set goes back to its place beside what is left', async () => {
      put('../pictures/2026/a.png', 'x');
      mkdirSync(target('../empty'), { recursive: true });
      expect(await conflictsAt('pictures/sub')).toEqual([expect.stringMatching('^restore.target_inside_dataset')]);
      expect(await conflictsAt('pictures')).toEqual([]);
      expect(await conflictsAt('empty/sub')).toEqual([]);
      expect(await conflictsAt('team/set', 'team/set')).toEqual([]);
      put('../team/README', 'words');
      expect(await conflictsAt('team/set', 'team/set')).toEqual([]);
    });

    test('the tenant’s folder is one itself; a set directly below the root is hidden by no group of tenant default', async () => {
      put(`../../acme/${V4}`, '{}');
      expect(await conflictsAt('papers')).toEqual([expect.stringMatching('^restore.target_inside_dataset')]);
      const found = await plan({ ...overwrite, targetTenant: 'default', datasets: [backup.set('papers', 'acme/sub')] });
      expect(found.conflicts).toMatchObject([{ code: 'restore.target_inside_dataset' }]);
    });
  });

  test('a name that leads elsewhere', async () => {
    const found = await plan({ datasets: [backup.set('papers', '../../etc')] });
    expect(found.conflicts).toMatchObject([{ code: 'restore.bad_target' }]);
  });

  test.each(['a file written', 'a file added', 'a file removed'])('%s after the plan', async (what) => {
    put('a.txt', 'one');
    put('b.txt', 'two');
    const { fingerprint } = (await plan({ options: { overwriteExisting: true }, detail: false })).datasets[0]!;
    if (what === 'a file written') writeFileSync(target('b.txt'), 'three');
    if (what === 'a file added') put('deep/c.txt', '');
    if (what === 'a file removed') await import('node:fs').then((fs) => fs.rmSync(target('b.txt')));
    await expect(restore(sourceRoot, { overwriteExisting: true }, fingerprint)).rejects.toMatchObject({ code: 'restore.target_changed' });
    expect(readdirSync(join(sourceRoot, 'acme'))).toEqual(['papers']);
  });
});

// Mounting needs root, and a container that allows it.
(mayMount ? describe : describe.skip)('on a file system of its own', () => {
  let disk: ReturnType<typeof mounted>;
  beforeEach(() => {
    disk = mounted('size=6m,mode=755');
  });
  afterEach(() => disk.unmount());

  test('too small for a copy beside what is there', async () => {
    mkdirSync(join(disk.folder, 'acme', 'papers'), { recursive: true });
    writeFileSync(join(disk.folder, 'acme', 'papers', 'old'), Buffer.alloc(5 * MB));
    const options = { overwriteExisting: true };
    const found = await plan({ root: disk.folder, options });
    expect(found.conflicts).toMatchObject([{ code: 'restore.no_space' }]);
    expect(found.bytesNeeded).toBeGreaterThan(found.bytesFree!);
    await expect(restore(disk.folder, options)).rejects.toMatchObject({ code: 'restore.no_space' });
    expect(readdirSync(join(disk.folder, 'acme'))).toEqual(['papers']);
  });

  test('full while it is written: nothing is left, the old set stays', async () => {
    mkdirSync(join(disk.folder, 'acme', 'papers'), { recursive: true });
    writeFileSync(join(disk.folder, 'acme', 'papers', 'old'), 'old');
    const fill = () => writeFileSync(join(disk.folder, 'filler'), Buffer.alloc(5 * MB));
    const place = await findPlace(disk.folder, { tenant: 'acme', dataset: 'papers', restoreId: 'r', n: 1, token: 1 });
    const { tenant: real } = backup;
    const tenant = {
      entries: real.entries.bind(real),
      openFiles: real.openFiles.bind(real),
      restore: async (...args: Parameters<typeof real.restore>) => {
        fill();
        return real.restore(...args);
      },
    } as typeof real;
    const request = { tenant, commit: backup.commit, dataset: backup.set('papers'), options: choices({ overwriteExisting: true }), place };
    const more = { sourceRoot: disk.folder, signal: new AbortController().signal, progress: () => undefined, now: Date.now };
    await expect(restoreDataset({ ...request, ...more, beginSwap: async () => undefined })).rejects.toMatchObject({
      code: 'restore.no_space',
    });
    expect(readdirSync(join(disk.folder, 'acme'))).toEqual(['papers']);
    expect(readdirSync(join(disk.folder, 'acme', 'papers'))).toEqual(['old']);
  });

  test('mounted for reading only', async () => {
    disk.remount('ro');
    expect((await plan({ root: disk.folder })).conflicts).toMatchObject([{ code: 'restore.target_read_only' }]);
    await expect(restore(disk.folder)).rejects.toMatchObject({ code: 'restore.target_read_only' });
  });

  test('as the target itself: it cannot be renamed away', async () => {
    const outer = freshDir('outer');
    mkdirSync(join(outer, 'acme'), { recursive: true });
    const inner = join(outer, 'acme', 'papers');
    mkdirSync(inner);
    const { execFileSync } = await import('node:child_process');
    execFileSync('mount', ['--bind', disk.folder, inner]);
    try {
      const options = { overwriteExisting: true };
      expect((await plan({ root: outer, options })).conflicts).toMatchObject([{ code: 'restore.target_other_file_system' }]);
    } finally {
      execFileSync('umount', [inner]);
    }
  });
});
