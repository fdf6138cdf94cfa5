/** A data set restored from a real repository into a real folder: what is there, what is refused, what a damaged disk would show. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Commit, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { type ObjectStore, openSourceFolder, openStore } from '@dr/storage';
import { freshDir } from '../../../test/support/servers.ts';
import type { RestoreChoices } from './options.ts';
import { restoreDataset } from './restore-dataset.ts';
import { verifyStaged } from './stage/verify-staged.ts';
import { placeOf } from './target/place.ts';

const options: RestoreChoices = {
  overwriteExisting: false,
  force: false,
  verifyIntegrity: true,
  restoreIndexes: true,
  restoreMetadata: true,
  keepTornHead: false,
  paths: [],
};

let store: ObjectStore;
let repository: Repository;
let tenant: TenantRepository;
let commit: Commit;
let sourceRoot: string;
let swaps: number;

beforeAll(async () => {
  store = await openStore(freshDir('store'));
  repository = await initRepository(store, { unlock: { passphrase: async () => 'a test' }, now: () => 1_764_000_000_000 });
  tenant = await repository.tenant('acme', { create: true });
  const root = freshDir('set');
  writeFileSync(join(root, 'meta.json'), '{}');
  writeFileSync(join(root, 'large.bin'), Buffer.alloc(3_000_000, 'abc'));
  const session = await tenant.session('backup_20260101_000000_00000001', { type: 'full' });
  const files = (await openSourceFolder(root)).list() as AsyncIterable<never[]>;
  const tree = await session.capture({ datasetId: 'set', root, files });
  const { objects, bytes, newBytes } = tree;
  const dataset = { datasetId: 'set', format: 'opaque', root: tree.root, status: 'completed', objects, bytes, newBytes } as const;
  const manifest = { backupId: session.backupId, tenant: 'acme', type: 'full', datasets: [dataset], createdAtMs: 0, expected: 1 } as const;
  commit = (await session.commit(manifest)) as Commit;
  await session.close();
}, 60_000);

afterAll(async () => {
  await repository.close();
  await store.close();
});

beforeEach(() => {
  sourceRoot = freshDir('source');
  swaps = 0;
});

const place = (to = 'set') => placeOf(sourceRoot, { tenant: 'other', dataset: to, restoreId: 'restore_1', n: 1, token: 1 });
const restore = (more: Partial<RestoreChoices> = {}, to = 'set') =>
  restoreDataset({
    tenant,
    commit,
    dataset: { from: 'set', to, format: 'opaque', root: commit.datasets[0]!.root! },
    options: { ...options, ...more },
    place: place(to),
    sourceRoot,
    signal: new AbortController().signal,
    progress: () => undefined,
    now: Date.now,
    beginSwap: async () => void swaps++,
  });

test('the data set is in its place, counted, and nothing of ours is left', async () => {
  expect(await restore()).toMatchObject({ objects: 2, bytes: 3_000_002, lacks: undefined });
  expect(readFileSync(join(place().target, 'large.bin')).equals(Buffer.alloc(3_000_000, 'abc'))).toBe(true);
  expect(readdirSync(join(sourceRoot, 'other'))).toEqual(['set']);
  expect(swaps).toBe(1);
});

test('a target that exists is refused and left as it is; with overwrite it is replaced', async () => {
  mkdirSync(place().target, { recursive: true });
  writeFileSync(join(place().target, 'mine'), 'mine');
  await expect(restore()).rejects.toMatchObject({ code: 'restore.target_exists' });
  expect(readdirSync(place().target)).toEqual(['mine']);
  expect(swaps).toBe(0);
  await restore({ overwriteExisting: true });
  expect(readdirSync(place().target).sort()).toEqual(['large.bin', 'meta.json']);
});

test.each(['other', 'other/deep'])('a link at %s is not followed: nothing is written outside the source root', async (at) => {
  const outside = freshDir('outside');
  if (at !== 'other') mkdirSync(join(sourceRoot, 'other'));
  symlinkSync(outside, join(sourceRoot, at));
  await expect(restore({ overwriteExisting: true }, 'deep/set')).rejects.toMatchObject({ code: 'restore.target_is_no_folder' });
  expect(readdirSync(outside)).toEqual([]);
});

test('a restore that may not begin its swap leaves the target absent', async () => {
  const refused = new Error('a cancel was requested');
  const request = restoreDataset({
    tenant,
    commit,
    dataset: { from: 'set', to: 'set', format: 'opaque', root: commit.datasets[0]!.root! },
    options,
    place: place(),
    sourceRoot,
    signal: new AbortController().signal,
    progress: () => undefined,
    now: Date.now,
    beginSwap: async () => {
      throw refused;
    },
  });
  await expect(request).rejects.toBe(refused);
  expect(existsSync(place().target)).toBe(false);
  expect(readdirSync(join(sourceRoot, 'other'))).toEqual([]);
});

const all = { wanted: () => true, signal: new AbortController().signal };

test.each<[string, (bytes: Buffer) => Buffer]>([
  ['a flipped byte', (bytes) => Buffer.concat([bytes.subarray(0, 2_500_000), Buffer.from('!'), bytes.subarray(2_500_001)])],
  ['a lost byte', (bytes) => bytes.subarray(1)],
  ['a byte too many', (bytes) => Buffer.concat([bytes, Buffer.from('!')])],
])('%s in what was written is found by reading it back', async (_, damage) => {
  await restore();
  const { target } = place();
  const root = commit.datasets[0]!.root!;
  await expect(verifyStaged(tenant, root, target, all)).resolves.toBeUndefined();
  writeFileSync(join(target, 'large.bin'), damage(readFileSync(join(target, 'large.bin'))));
  await expect(verifyStaged(tenant, root, target, all)).rejects.toMatchObject({ code: 'restore.staged_differs' });
});
