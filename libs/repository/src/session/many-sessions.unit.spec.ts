import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { FaultyStore, MemoryStore, seededFaults } from '@dr/storage/faults';
import type { Repository } from '../api.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, manifestOf, newRepository, reopened } from '../testing/opened.ts';
import type { CapturedTree, Commit } from '../types.ts';

afterAll(removeFolders);

const MiB = 1024 * 1024;
const parts = (count: number, bytes: number): string =>
  folderOf(Object.fromEntries(Array.from({ length: count }, (_, i) => [`part-${i}`, randomBytes(bytes)])));

/** Each session holds packs open in every thread, and there are not as many buffers as that: waiting must still end. */
test('more sessions than pack buffers run at once and all end', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store, { workers: 2, memoryBytesMax: 70 * MiB });
  const tenant = await repository.tenant('acme', { create: true });
  const sources = Array.from({ length: 6 }, () => parts(5, 1_500_000));
  const commits = await Promise.all(sources.map((root, i) => backUp(tenant, `backup_${i}`, { set: root })));
  for (const [i, { commit }] of commits.entries()) {
    const target = join(temporaryFolder(), 'back');
    await tenant.restore(commit.datasets[0]!.root!, target);
    expect(contentsOf(target)).toEqual(contentsOf(sources[i]!));
  }
  await repository.close();
}, 60_000);

test.each(['fail', 'are given up'])(
  'sessions that %s with packs open give their buffers back',
  async (how) => {
    const repository = await newRepository(new MemoryStore(), { workers: 2, memoryBytesMax: 70 * MiB });
    const tenant = await repository.tenant('acme', { create: true });
    const root = parts(8, 1_500_000);
    async function* stopped() {
      for await (const group of captureFiles(root)) {
        yield group;
        yield [];
        throw new Error('stopped');
      }
    }
    for (let i = 0; i < 8; i++) {
      const session = await tenant.session(`backup_${i}`, { type: 'full' });
      const files = how === 'fail' ? stopped() : captureFiles(root);
      await session.capture({ datasetId: 'set', root, files }).catch(() => undefined);
      await session.close();
    }
    const { commit } = await backUp(tenant, 'backup_whole', { set: root });
    expect(commit.datasets[0]).toMatchObject({ objects: 8 });
    await repository.close();
  },
  20_000,
);

test('captures of several data sets at once share what is equal and end with their own trees', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store, { workers: 2 });
  const tenant = await repository.tenant('acme', { create: true });
  const shared = randomBytes(3_000_000);
  const sources = Array.from({ length: 4 }, (_, i) => folderOf({ shared, own: randomBytes(50_000), name: `set ${i}` }));
  const session = await tenant.session('backup_1', { type: 'full' });
  const trees = await Promise.all(sources.map((root, i) => session.capture({ datasetId: `set${i}`, root, files: captureFiles(root) })));
  const commit = (await session.commit(manifestOf('backup_1', trees))) as Commit;
  expect(trees.reduce((sum, { newBytes }) => sum + newBytes, 0)).toBeLessThan(3_000_000 + 4 * 60_000);
  for (const [i, { root }] of commit.datasets.entries())
    expect(Buffer.from(await tenant.readFile(root!, 'name')).toString()).toBe(`set ${i}`);
  expect((await tenant.verify('backup_1', { level: 'full' })).findings).toEqual([]);
  await session.close();
  await repository.close();
});

test('the known pieces grow while threads use them', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store, { workers: 2 });
  const tenant = await repository.tenant('acme', { create: true });
  const root = folderOf(Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`d${i % 10}/f${i}`, randomBytes(600)])));
  const { trees } = await backUp(tenant, 'backup_1', { set: root });
  const again = await backUp(tenant, 'backup_2', { set: root });
  expect(trees[0]).toMatchObject({ objects: 3000, bytes: 1_800_000 });
  expect(again.trees[0]).toMatchObject({ newBytes: 0, root: trees[0]!.root });
  await repository.close();
});

/** Tears, lost replies, repeats, failures and delays on any operation; the session is joined again until the backup is decided. */
async function untilDecided(store: FaultyStore, root: string): Promise<{ commit: Commit; tree: CapturedTree; tries: number }> {
  for (let tries = 1; ; tries++) {
    let repository: Repository | undefined;
    try {
      repository = await reopened(store);
      const tenant = await repository.tenant('acme', { create: true });
      const { commit, trees } = await backUp(tenant, 'backup_1', { set: root });
      return { commit, tree: trees[0]!, tries };
    } catch (error) {
      const { code } = error as { code: string };
      if (code === 'repository.backup_decided' || tries > 60) throw error;
      expect(code).toMatch(/^(store\.|repository\.(damaged|commit_incomplete|piece_unresolved)|keys\.)/);
    } finally {
      await repository?.close();
    }
  }
}

test.each([1, 2, 3, 107, 118, 143])(
  'random faults of a store, seed %i: whatever was committed is whole',
  async (seed) => {
    const inner = new MemoryStore();
    const repository = await newRepository(inner);
    await repository.tenant('acme', { create: true });
    await repository.close();
    const store = new FaultyStore(inner);
    const root = folderOf({
      a: randomBytes(2_000_000),
      b: randomBytes(600_000),
      'c/d': randomBytes(5000),
      'c/e': 'inline',
      f: 'text '.repeat(50_000),
    });
    const chances = { fail: 0.03, 'lose-reply': 0.05, repeat: 0.05, tear: 0.05, delay: 0.1 };
    const faults = seededFaults({ seed, chances, on: ['createIfAbsent'], key: /^t\// });
    /** Every store creates small objects whole or not at all; a decision that was torn would rightly stay damaged for ever. */
    store.plan = (operation, key) => {
      const fault = faults(operation, key);
      return fault?.kind === 'tear' && key.includes('/backups/') ? undefined : fault;
    };
    const outcome = await untilDecided(store, root).catch(async (error: { code: string }) => {
      expect(error.code).toBe('repository.backup_decided');
      return undefined;
    });
    store.plan = () => undefined;
    const reader = await reopened(inner, 'read');
    const tenant = await reader.tenant('acme');
    const commit = outcome?.commit ?? (await tenant.commit('backup_1'));
    const target = join(temporaryFolder(), 'back');
    await tenant.restore(commit.datasets[0]!.root!, target);
    expect(contentsOf(target)).toEqual(contentsOf(root));
    await reader.close();
  },
  60_000,
);

/** Its index segment may never be written: a commit that builds on such a pack could not be restored by anybody else. */
test('a pack of another session in the same process counts only once a segment names it', async () => {
  const store = new MemoryStore();
  const repository = await newRepository(store, { workers: 1, memoryBytesMax: 70 * MiB });
  const tenant = await repository.tenant('acme', { create: true });
  await backUp(tenant, 'backup_0', { other: parts(1, 1000) });
  const root = parts(16, 1_500_000);
  const first = await tenant.session('backup_1', { type: 'incremental' });
  const packs = () => [...store.objects.keys()].filter((key) => key.includes('/packs/data/')).length;
  const before = packs();
  await first.capture({ datasetId: 'set', root, files: captureFiles(root) });
  while (packs() <= before) await new Promise((resolve) => setTimeout(resolve, 10));
  const { trees } = await backUp(tenant, 'backup_2', { set: root }, 'incremental');
  expect(trees[0]!.newBytes).toBeGreaterThan(20_000_000);
  await first.close();
  await repository.close();
  const again = await reopened(store, 'read');
  expect((await (await again.tenant('acme')).verify('backup_2', { level: 'full' })).findings).toEqual([]);
  await again.close();
}, 60_000);

test('sessions and readers of one process read each index segment once', async () => {
  const store = new MemoryStore();
  const counting = new FaultyStore(store);
  const repository = await newRepository(counting);
  const tenant = await repository.tenant('acme', { create: true });
  for (let n = 0; n < 4; n++) await backUp(tenant, `backup_${n}`, { set: folderOf({ [`file-${n}`]: randomBytes(2000) }) });
  for (let n = 0; n < 3; n++) {
    const again = await repository.tenant('acme');
    const { datasets } = await again.commit(`backup_${n}`);
    expect(await again.readFile(datasets[0]!.root!, `file-${n}`)).toHaveLength(2000);
  }
  const segments = counting.calls.filter(({ operation, key }) => operation === 'read' && key.includes('/index/')).map(({ key }) => key);
  expect(segments.length).toBe(new Set(segments).size);
  await repository.close();
});
