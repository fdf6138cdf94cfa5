import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { planCapture } from '@dr/deeplake';
import { type CapturedTree, initRepository, type Repository, type TenantRepository } from '@dr/repository';
import { type ObjectStore, openSourceFolder, openStore } from '@dr/storage';
import { freshDir } from '../../../test/support/servers.ts';
import { removeTestFolders, unpackFixture } from '../../deeplake/src/testing/fixtures.ts';

/** Real data sets, captured by their plans: what a new state of them repeats of what is stored takes next to nothing. */
let store: ObjectStore;
let repository: Repository;
let tenant: TenantRepository;

beforeAll(async () => {
  store = await openStore(freshDir('store'));
  const kdf = { memoryKiB: 8, passes: 1, parallelism: 1 };
  const unlock = { passphrase: async () => 'a test' };
  repository = await initRepository(store, { unlock, kdf, encryption: false, workers: 1, now: () => Date.UTC(2100, 0, 1) });
});
beforeEach(async () => {
  tenant = await repository.tenant(`tenant ${++turns}`, { create: true });
});
afterAll(async () => {
  await repository.close();
  await store.close();
  await removeTestFolders();
});

let turns = 0;

interface Step extends CapturedTree {
  readonly backupId: string;
}

/** An incremental backup of a folder as the state of data set `datasetId`, in which everything is restored and verified. */
async function backUp(root: string, base?: Step, datasetId = 'set'): Promise<Step> {
  const backupId = `backup_20260101_000000_${String(++turns).padStart(8, '0')}`;
  const session = await tenant.session(backupId, { type: base ? 'incremental' : 'full' });
  const plan = await planCapture(await openSourceFolder(root), { now: () => Date.UTC(2100, 0, 1), sleep: async () => {} });
  const tree = await session.capture({ datasetId, root, files: plan.files, bases: base ? [base.root] : [] });
  const { objects, bytes, newBytes } = tree;
  const set = { datasetId, format: plan.format, root: tree.root, status: 'completed', objects, bytes, newBytes };
  await session.commit({ backupId, tenant: tenant.tenant, type: 'incremental', datasets: [set], createdAtMs: 0, expected: 1 });
  await session.close();
  return { ...tree, backupId };
}

async function expectRestores({ root, backupId }: Step, source: string): Promise<void> {
  const folder = await openSourceFolder(source);
  let files = 0;
  for await (const entry of tenant.entries(root)) {
    if (entry.kind !== 'file') continue;
    files++;
    expect(Buffer.compare(await tenant.readFile(root, entry.path), await folder.read(entry.path))).toBe(0);
  }
  expect(files).toBeGreaterThan(10);
  expect(await tenant.verify(backupId, { level: 'full' })).toMatchObject({ ok: true });
}

/** Stored bytes of the tree's pages and of small files are no repetition: what a step may take beside. */
const PAGES = 12_000;

test('a compaction of Deep Lake 4 packs files under new names, and their pieces are the ones that are stored', async () => {
  const archive = await unpackFixture('gen-v4-compact');
  const first = await backUp(join(archive, '0-ten-commits'));
  const compacted = join(archive, '1-compacted');
  const second = await backUp(compacted, first);
  const packed: number[] = [];
  const stored = new Set<string>();
  for await (const { pieces } of tenant.entries(first.root)) for (const { id } of pieces) stored.add(id);
  for await (const entry of tenant.entries(second.root)) {
    if (entry.chunker?.name !== 'cuts') continue;
    const repeated = entry.pieces.filter(({ id }) => stored.has(id)).reduce((sum, { length }) => sum + length, 0);
    packed.push(repeated / entry.size);
  }
  expect(packed.length).toBe(5);
  expect(Math.min(...packed)).toBeGreaterThan(0.6);
  expect(packed.sort().at(-1)).toBeGreaterThan(0.95);
  expect(second.bytes - first.bytes).toBeGreaterThan(60_000);
  expect(second.newBytes).toBeLessThan(26_000);
  await expectRestores(second, compacted);
});

test('files that a compaction renames and nothing else are not stored again', async () => {
  const archive = await unpackFixture('gen-v4-series');
  const earlier = await backUp(join(archive, '4-inverted-index'));
  const compacted = join(archive, '5-branch-tag-compact');
  const later = await backUp(compacted, earlier);
  const files = new Map<string, number>();
  for await (const { path, pieces, digest } of tenant.entries(earlier.root)) if (pieces.length > 0) files.set(digest!, path.length);
  let renamed = 0;
  for await (const { path, pieces, digest } of tenant.entries(later.root))
    if (pieces.length > 0 && !path.startsWith('_deeplake_log') && files.has(digest!)) renamed++;
  expect(renamed).toBeGreaterThan(10);
  await expectRestores(later, compacted);
});

test.each(['gen-v4-full', 'gen-v3-full'])(
  '%s under another name, as a second data set of the tenant, takes its tree only',
  async (name) => {
    const root = join(await unpackFixture(name), name === 'gen-v4-full' ? 'ds' : '');
    const first = await backUp(root);
    const copy = join(freshDir('copy'), 'set');
    cpSync(root, copy, { recursive: true, preserveTimestamps: true });
    const second = await backUp(copy, undefined, 'another');
    expect(second.bytes).toBe(first.bytes);
    expect(second.storedBytes).toBeLessThan(Math.max(PAGES, first.storedBytes / 2));
    const ids = new Set<string>();
    for await (const { pieces } of tenant.entries(first.root)) for (const { id } of pieces) ids.add(id);
    for await (const { pieces } of tenant.entries(second.root)) for (const { id } of pieces) expect(ids.has(id)).toBe(true);
    await expectRestores(second, copy);
  },
  120_000,
);

test('a row that Deep Lake 3 updates or removes takes the difference of its chunks', async () => {
  const archive = await unpackFixture('gen-v3-series');
  const steps = ['3-450-rows-in-new-commit', '4-one-update-one-pop', '5-branch-exp-plus-40'].map((step) => join(archive, step));
  const before = await backUp(steps[0]!);
  const updated = await backUp(steps[1]!, before);
  const branched = await backUp(steps[2]!, updated);
  expect(updated.newBytes).toBeGreaterThan(300_000);
  expect(updated.storedBytes).toBeLessThan(60_000);
  await expectRestores(updated, steps[1]!);
  await expectRestores(branched, steps[2]!);
});
