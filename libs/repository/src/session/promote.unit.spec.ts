/** A snapshot's tree made whole in a full. */
import { randomBytes } from 'node:crypto';
import { rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { manifestOf, newRepository } from '../testing/opened.ts';
import { publishPlan, scopeOf } from '../testing/publish-plan.ts';
import type { BackupType, CapturedTree, CaptureFile, Commit, PromoteRequest } from '../types.ts';

/** Later than any file here is changed, so that nothing is racy. */
const settled = { now: () => Date.UTC(2100, 0, 1) };
let store: MemoryStore;
let repository: Repository;
let tenant: TenantRepository;
let root: string;

beforeEach(async () => {
  store = new MemoryStore();
  repository = await newRepository(store, settled);
  tenant = await repository.tenant('acme', { create: true });
  root = folderOf({ 'meta.json': '{"a": 1}', 'data/one': randomBytes(70_000), 'data/two': randomBytes(2_300_000) });
  symlinkSync('data/one', join(root, 'link'));
});
afterEach(() => repository.close());
afterAll(removeFolders);

async function backUp(id: string, type: BackupType, bases?: string[]): Promise<CapturedTree> {
  const files: CaptureFile[] = [];
  for await (const page of captureFiles(root))
    files.push(...page.map((file) => ({ ...file, pin: type === 'snapshot' && file.path.startsWith('data/') })));
  const session = await tenant.session(id, { type });
  const tree = await session.capture({ datasetId: 'set', root, files: [files], bases });
  await session.commit(manifestOf(id, [tree], type));
  await session.close();
  return tree;
}

/** Promotes and commits. */
async function promote(from: CapturedTree, snapshotId: string, more: Partial<PromoteRequest> = { root }) {
  const session = await tenant.session('backup_9', { type: 'full' });
  try {
    const tree = await session.promote({ datasetId: 'set', snapshotId, from: from.root, ...more });
    const commit = (await session.commit(manifestOf('backup_9', [tree], 'full'))) as Commit;
    return { tree, commit };
  } finally {
    await session.close();
  }
}

async function restored(tree: CapturedTree): Promise<Record<string, string>> {
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(tree.root, target);
  return contentsOf(target);
}

test('what is only pinned is read from the unchanged source; the tree is the one of a full', async () => {
  const snapshot = await backUp('backup_1', 'snapshot');
  const { tree, commit } = await promote(snapshot, 'backup_1');
  expect(tree).toMatchObject({ objects: 3, pinned: { objects: 0, bytes: 0 }, findings: [] });
  expect(await restored(tree)).toEqual(contentsOf(root));
  expect(commit.type).toBe('full');
  expect((await tenant.verify('backup_9', { level: 'full' })).pinned).toBeUndefined();
  const full = await backUp('backup_99', 'full');
  expect(full.root).toBe(tree.root);
});

test('what another backup holds needs no source, whatever became of it', async () => {
  const snapshot = await backUp('backup_1', 'snapshot');
  await backUp('backup_2', 'incremental');
  const contents = contentsOf(root);
  rmSync(join(root, 'data'), { recursive: true });
  const { tree } = await promote(snapshot, 'backup_1', {});
  expect(tree).toMatchObject({ findings: [], newBytes: 0, takenOver: 3 });
  expect(await restored(tree)).toEqual(contents);
});

test('a file that is nowhere any more is named and is not in the tree; a changed one is not taken for it', async () => {
  const snapshot = await backUp('backup_1', 'snapshot');
  writeFileSync(join(root, 'data/one'), 'another');
  const { tree } = await promote(snapshot, 'backup_1');
  expect(tree.findings).toEqual([{ path: 'data/one', kind: 'missing', message: expect.stringContaining('it has 7 bytes, not 70000') }]);
  expect(Object.keys(await restored(tree)).sort()).toEqual(['data', 'data/two', 'link', 'meta.json']);
});

test('a file whose time alone changed is another one too', async () => {
  const snapshot = await backUp('backup_1', 'snapshot');
  utimesSync(join(root, 'data/one'), 5, 5);
  const { tree } = await promote(snapshot, 'backup_1');
  expect(tree.findings.map(({ path }) => path)).toEqual(['data/one']);
});

test('without a source it is said why it was not looked at', async () => {
  const snapshot = await backUp('backup_1', 'snapshot');
  const { tree } = await promote(snapshot, 'backup_1', { why: 'another storage is connected' });
  expect(tree.findings).toHaveLength(2);
  expect(tree.findings[0]!.message).toBe('the snapshot only pins it and no other backup holds it, and another storage is connected');
});

test('what the snapshot refers to is read before it counts: a damaged pack is no copy, and the source helps while it has the file', async () => {
  const full = await backUp('backup_1', 'full');
  const snapshot = await backUp('backup_2', 'snapshot', [full.root]);
  expect(snapshot.pinned.objects).toBe(0);
  for (const [key, object] of store.objects) if (key.includes('/packs/data/')) object.bytes[5000]! ^= 1;
  const { tree } = await promote(snapshot, 'backup_2');
  expect(tree.findings).toEqual([]);
  expect(tree.newBytes).toBeGreaterThan(0);
  expect(await restored(tree)).toEqual(contentsOf(root));
});

test('and is named when neither has it', async () => {
  const full = await backUp('backup_1', 'full');
  const snapshot = await backUp('backup_2', 'snapshot', [full.root]);
  for (const key of [...store.objects.keys()].filter((key) => key.includes('/packs/data/'))) await store.delete(key);
  rmSync(join(root, 'data/two'));
  const { tree } = await promote(snapshot, 'backup_2', {});
  expect(tree.findings.map(({ path }) => path)).toEqual(['data/one', 'data/two']);
  expect(tree.findings[0]!.message).toContain('no whole copy of it is left in the repository');
});

test('a pack that a plan names is copied out: the bytes get into one that stays', async () => {
  const full = await backUp('backup_1', 'full');
  const snapshot = await backUp('backup_2', 'snapshot', [full.root]);
  const victims = [...store.objects.keys()].filter((key) => key.includes('/packs/data/')).map((key) => key.slice(-64));
  await publishPlan(store, await scopeOf(store, repository.id), { n: 1, purged: ['backup_1'], victims });
  const contents = contentsOf(root);
  rmSync(join(root, 'data'), { recursive: true });
  const { tree } = await promote(snapshot, 'backup_2', {});
  expect(tree.findings).toEqual([]);
  expect(tree.newBytes).toBe(2_370_000);
  expect(await restored(tree)).toEqual(contents);
});
