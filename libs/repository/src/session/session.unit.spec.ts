import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FaultyStore, MemoryStore, overwritingStore, plannedFaults } from '@dr/storage/faults';
import type { BackupSession, Repository, TenantRepository } from '../api.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, manifestOf, newRepository, reopened } from '../testing/opened.ts';
import type { CaptureFile, Commit } from '../types.ts';

const opened: Repository[] = [];

async function tenantOn(store: FaultyStore | MemoryStore, existing = false): Promise<TenantRepository> {
  const repository = existing ? await reopened(store) : await newRepository(store);
  opened.push(repository);
  return repository.tenant('acme', { create: true });
}

afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close();
});
afterAll(removeFolders);

const packsIn = (store: MemoryStore): string[] => [...store.objects.keys()].filter((key) => key.includes('/packs/'));
const sample = (): string =>
  folderOf({ 'a.bin': randomBytes(70_000), 'b/c.bin': randomBytes(2_000_000), 'd.json': '{}', 'e.txt': 'word '.repeat(9000) });
const capture = (session: BackupSession, root: string, datasetId = 'set') =>
  session.capture({ datasetId, root, files: captureFiles(root) });

describe('deduplication', () => {
  test('the same data again stores no pack but tree pages that changed; nothing changed: nothing at all', async () => {
    const store = new MemoryStore();
    const tenant = await tenantOn(store);
    const root = sample();
    await backUp(tenant, 'backup_1', { set: root });
    const before = packsIn(store).length;
    const { trees, commit } = await backUp(tenant, 'backup_2', { set: root });
    expect(packsIn(store)).toHaveLength(before);
    expect(trees[0]).toMatchObject({ newBytes: 0, storedBytes: 0 });
    expect(commit).toMatchObject({ storedBytes: 0, segments: [] });
    expect((await tenant.verify('backup_2', { level: 'full' })).ok).toBe(true);
  });

  test('equal files are stored once, whatever their names and data sets', async () => {
    const store = new MemoryStore();
    const tenant = await tenantOn(store);
    const bytes = randomBytes(3_000_000);
    const { trees } = await backUp(tenant, 'backup_1', { one: folderOf({ x: bytes, y: bytes }), two: folderOf({ z: bytes }) });
    expect(trees[0]!.newBytes).toBeLessThan(3_010_000);
    expect(trees[1]!.newBytes).toBeLessThan(10_000);
  });

  test('another tenant shares nothing, not even ids', async () => {
    const store = new MemoryStore();
    const repository = await newRepository(store);
    opened.push(repository);
    const root = sample();
    const [acme, globex] = [await repository.tenant('acme', { create: true }), await repository.tenant('globex', { create: true })];
    const first = await backUp(acme, 'backup_1', { set: root });
    const second = await backUp(globex, 'backup_1', { set: root });
    // Pieces are stored alike; where tree pages end depends on the tenant's name key, so now and then one has a page more.
    expect(first.trees[0]!.newBytes).toBeGreaterThan(2_000_000);
    expect(Math.abs(second.trees[0]!.newBytes - first.trees[0]!.newBytes)).toBeLessThan(1024);
    expect(second.trees[0]!.root).not.toBe(first.trees[0]!.root);
    expect(await repository.tenants()).toEqual(['acme', 'globex']);
  });

  test('a full reads the packs it reuses: a damaged one is not trusted, its pieces are stored again', async () => {
    const store = new MemoryStore();
    const root = sample();
    await backUp(await tenantOn(store), 'backup_1', { set: root });
    const damaged = packsIn(store).find((key) => key.includes('/data/'))!;
    (store.objects.get(damaged)!.bytes as Buffer)[500]! ^= 1;
    const tenant = await tenantOn(store, true);
    const { trees, commit } = await backUp(tenant, 'backup_2', { set: root });
    expect(trees[0]!.newBytes).toBeGreaterThan(2_000_000);
    const target = join(temporaryFolder(), 'back');
    await tenant.restore(commit.datasets[0]!.root!, target);
    expect(contentsOf(target)).toEqual(contentsOf(root));
  });

  test('a pack that the store lists with another size counts as absent', async () => {
    const store = new MemoryStore();
    const root = sample();
    await backUp(await tenantOn(store), 'backup_1', { set: root });
    const cut = packsIn(store).find((key) => key.includes('/data/'))!;
    const object = store.objects.get(cut)!;
    store.objects.set(cut, { ...object, bytes: object.bytes.subarray(0, 4096) });
    const { trees } = await backUp(await tenantOn(store, true), 'backup_2', { set: root }, 'incremental');
    expect(trees[0]!.newBytes).toBeGreaterThan(2_000_000);
  });
});

describe('a session', () => {
  test('registers before it reads ledger, index and packs (R1)', async () => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    store.calls.length = 0;
    await (await tenant.session('backup_1', { type: 'full' })).close();
    const order = store.calls.map(({ operation, key }) => `${operation} ${key.split('/')[2]}`).filter((call) => !call.includes('backups'));
    const first = (call: string): number => order.indexOf(call);
    expect(first('createIfAbsent sessions')).toBe(0);
    expect(first('list ledger')).toBeGreaterThan(first('read sessions'));
    expect(first('list index')).toBeGreaterThan(first('list ledger'));
    expect(first('list packs')).toBeGreaterThan(first('list index'));
  });

  test('writes packs before segments, and lists all packs before the decision', async () => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    store.calls.length = 0;
    await backUp(tenant, 'backup_1', { set: sample() });
    const calls = store.calls.map(({ operation, key }) => `${operation} ${key.split('/')[2]}`);
    const decision = calls.indexOf('createIfAbsent backups');
    expect(calls.lastIndexOf('createIfAbsent packs')).toBeLessThan(calls.indexOf('createIfAbsent index'));
    expect(calls.lastIndexOf('createIfAbsent index')).toBeLessThan(calls.lastIndexOf('list packs'));
    expect(calls.lastIndexOf('list packs')).toBeLessThan(decision);
  });

  test('is refused on a store that ignores create-if-absent', async () => {
    const inner = new MemoryStore();
    await tenantOn(inner);
    const repository = await reopened(overwritingStore(inner));
    opened.push(repository);
    const tenant = await repository.tenant('acme');
    await expect(tenant.session('backup_1', { type: 'full' })).rejects.toMatchObject({ code: 'store.no_create_if_absent' });
  });

  test('cannot be opened on a repository that was opened for reading, nor for a backup that ended', async () => {
    const store = new MemoryStore();
    const tenant = await tenantOn(store);
    await backUp(tenant, 'backup_1', { set: sample() });
    await expect(tenant.session('backup_1', { type: 'full' })).rejects.toMatchObject({ code: 'repository.backup_decided' });
    const reader = await reopened(store, 'read');
    opened.push(reader);
    await expect((await reader.tenant('acme')).session('backup_2', { type: 'full' })).rejects.toMatchObject({
      code: 'repository.opened_for_reading',
    });
  });

  test('ends once: a tombstone first makes the commit fail honestly, a commit first answers abandon', async () => {
    const store = new MemoryStore();
    const tenant = await tenantOn(store);
    const root = sample();
    const session = await tenant.session('backup_1', { type: 'full' });
    const tree = await capture(session, root);
    const rival = await tenant.session('backup_1', { type: 'full' });
    expect(rival.joined).toBe(true);
    expect(await rival.abandon('lease lost')).toMatchObject({ kind: 'tombstone', reason: 'lease lost', tenant: 'acme' });
    expect(await session.commit(manifestOf('backup_1', [tree]))).toMatchObject({ kind: 'tombstone', reason: 'lease lost' });
    await expect(tenant.commit('backup_1')).rejects.toMatchObject({ code: 'repository.backup_not_committed' });

    const second = await tenant.session('backup_2', { type: 'full' });
    const commit = (await second.commit(manifestOf('backup_2', [await capture(second, root)]))) as Commit;
    expect(await second.abandon('too late')).toMatchObject({ kind: 'commit', checksum: commit.checksum });
    expect(await second.commit(manifestOf('backup_2', []))).toMatchObject({ checksum: commit.checksum });
    expect(await tenant.abandon('backup_2', 'nobody there')).toMatchObject({ checksum: commit.checksum });
    expect(await tenant.decision('backup_3')).toBeUndefined();
    expect(await tenant.abandon('backup_3', 'nobody there')).toMatchObject({ kind: 'tombstone', reason: 'nobody there' });
    for (const open of [session, rival, second]) await open.close();
  });

  test('two processes share it, each with its own data set; either may commit', async () => {
    const store = new MemoryStore();
    const [one, two] = [await tenantOn(store), await tenantOn(store, true)];
    const [rootA, rootB] = [sample(), sample()];
    const [a, b] = [await one.session('backup_1', { type: 'full' }), await two.session('backup_1', { type: 'full' })];
    const [treeA, treeB] = await Promise.all([capture(a, rootA, 'a'), capture(b, rootB, 'b')]);
    await a.flush();
    const commit = (await b.commit(manifestOf('backup_1', [treeA, treeB]))) as Commit;
    expect(commit.segments).toHaveLength(2);
    expect((await one.verify('backup_1', { level: 'full' })).findings).toEqual([]);
    for (const open of [a, b]) await open.close();
  });

  test('a commit whose tree was never flushed by the other process is refused, and can be made after', async () => {
    const store = new MemoryStore();
    const [one, two] = [await tenantOn(store), await tenantOn(store, true)];
    const [a, b] = [await one.session('backup_1', { type: 'full' }), await two.session('backup_1', { type: 'full' })];
    const tree = await capture(a, sample());
    await expect(b.commit(manifestOf('backup_1', [tree]))).rejects.toMatchObject({ code: 'repository.piece_unresolved' });
    expect(await one.decision('backup_1')).toBeUndefined();
    await a.flush();
    expect(await b.commit(manifestOf('backup_1', [tree]))).toMatchObject({ kind: 'commit' });
    for (const open of [a, b]) await open.close();
  });
});

describe('take-over', () => {
  test('goes on from packs that no segment names: nothing is stored twice', async () => {
    const store = new FaultyStore(new MemoryStore());
    const root = folderOf(Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`f${i}`, randomBytes(900_000)])));
    const first = await (await tenantOn(store)).session('backup_1', { type: 'full' });
    const tree = await capture(first, root);
    store.plan = plannedFaults({ kind: 'fail', on: 'createIfAbsent', key: /\/index\//, times: 9 });
    await expect(first.flush()).rejects.toMatchObject({ code: 'store.unavailable' });
    await first.close();
    store.plan = () => undefined;

    const tenant = await tenantOn(store, true);
    const second = await tenant.session('backup_1', { type: 'full' });
    expect(second.joined).toBe(true);
    const again = await capture(second, root);
    expect(again).toMatchObject({ root: tree.root, newBytes: 0, storedBytes: 0 });
    expect(await second.commit(manifestOf('backup_1', [again]))).toMatchObject({ kind: 'commit' });
    expect((await tenant.verify('backup_1', { level: 'full' })).findings).toEqual([]);
    await second.close();
  });

  test('goes on from segments after flush', async () => {
    const store = new MemoryStore();
    const root = sample();
    const first = await (await tenantOn(store)).session('backup_1', { type: 'full' });
    await capture(first, root);
    await first.flush();
    const packs = packsIn(store);
    const second = await (await tenantOn(store, true)).session('backup_1', { type: 'full' });
    expect(await capture(second, root)).toMatchObject({ newBytes: 0 });
    await second.flush();
    expect(packsIn(store)).toEqual(packs);
    for (const open of [first, second]) await open.close();
  });
});

describe('on a store that fails', () => {
  const kinds = ['lose-reply', 'repeat', 'fail'] as const;
  test.each(kinds)('%s on every kind of put: the backup is made and right', async (kind) => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    const on = 'createIfAbsent' as const;
    const plan = plannedFaults(...[/packs\/data/, /packs\/meta/, /index/, /backups/].map((key) => ({ kind, on, key })));
    store.plan = plan;
    const root = sample();
    const { commit } = await backUp(tenant, 'backup_1', { set: root });
    expect(plan.unused()).toEqual([]);
    expect(commit.kind).toBe('commit');
    store.plan = () => undefined;
    expect((await tenant.verify('backup_1', { level: 'full' })).findings).toEqual([]);
  });

  test.each(['data', 'meta'])('a torn %s pack breaks the session honestly, and joining it again completes the backup', async (pack) => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    store.plan = plannedFaults({ kind: 'tear', on: 'createIfAbsent', key: new RegExp(`packs/${pack}`) });
    const root = sample();
    await expect(backUp(tenant, 'backup_1', { set: root })).rejects.toMatchObject({ code: 'repository.damaged' });
    store.plan = () => undefined;
    const { commit } = await backUp(await tenantOn(store, true), 'backup_1', { set: root });
    const target = join(temporaryFolder(), 'back');
    await tenant.restore(commit.datasets[0]!.root!, target);
    expect(contentsOf(target)).toEqual(contentsOf(root));
  });

  test('a pack whose bytes were changed on the way is caught before the commit or by verify, never restored', async () => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    store.plan = plannedFaults({ kind: 'flip', on: 'createIfAbsent', key: /packs\/data/, where: 0.5 });
    const { commit } = await backUp(tenant, 'backup_1', { set: sample() });
    expect((await tenant.verify('backup_1', { level: 'full' })).ok).toBe(false);
    await expect(tenant.restore(commit.datasets[0]!.root!, join(temporaryFolder(), 'back'))).rejects.toMatchObject({
      code: 'repository.damaged',
    });
  });

  test('a listing that leaves out a pack stops the commit', async () => {
    const store = new FaultyStore(new MemoryStore());
    const tenant = await tenantOn(store);
    const session = await tenant.session('backup_1', { type: 'full' });
    const tree = await capture(session, sample());
    store.plan = plannedFaults({ kind: 'tear', on: 'list', key: /packs/, where: 0 });
    await expect(session.commit(manifestOf('backup_1', [tree]))).rejects.toMatchObject({ code: 'repository.commit_incomplete' });
    expect(await tenant.decision('backup_1')).toBeUndefined();
    expect(await session.commit(manifestOf('backup_1', [tree]))).toMatchObject({ kind: 'commit' });
    await session.close();
  });
});

test('a reused pack that vanishes before the commit stops it; capturing again stores its pieces', async () => {
  const store = new MemoryStore();
  const tenant = await tenantOn(store);
  const root = sample();
  await backUp(tenant, 'backup_1', { set: root });
  const session = await tenant.session('backup_2', { type: 'incremental' });
  const tree = await capture(session, root);
  expect(tree.newBytes).toBe(0);
  for (const key of packsIn(store).filter((key) => key.includes('/data/'))) await store.delete(key);
  await expect(session.commit(manifestOf('backup_2', [tree]))).rejects.toMatchObject({ code: 'repository.commit_incomplete' });
  await session.close();
  const { trees } = await backUp(await tenantOn(store, true), 'backup_2', { set: root }, 'incremental');
  expect(trees[0]!.newBytes).toBeGreaterThan(2_000_000);
});

describe('capture', () => {
  async function* groups(...list: CaptureFile[][]): AsyncGenerator<CaptureFile[]> {
    yield* list;
  }
  const filesOf = async (root: string): Promise<CaptureFile[]> => {
    const all: CaptureFile[] = [];
    for await (const page of captureFiles(root)) all.push(...page);
    return all;
  };

  test('reports files that vanished or changed; what was read is stored, what vanished is not in the tree', async () => {
    const tenant = await tenantOn(new MemoryStore());
    const root = folderOf({ 'here.txt': 'here', 'grows.txt': 'short', 'stays.bin': randomBytes(5000) });
    const files = await filesOf(root);
    writeFileSync(join(root, 'grows.txt'), 'longer than before');
    utimesSync(join(root, 'here.txt'), 1, 1);
    const session = await tenant.session('backup_1', { type: 'full' });
    const gone = { ...files[0]!, path: 'gone.txt' };
    const tree = await session.capture({ datasetId: 'set', root, files: groups(files, [gone]) });
    expect(tree.findings.map(({ path, kind }) => [path, kind]).sort()).toEqual([
      ['gone.txt', 'missing'],
      ['grows.txt', 'changed'],
      ['here.txt', 'changed'],
    ]);
    await session.flush();
    expect(Buffer.from(await tenant.readFile(tree.root, 'grows.txt')).toString()).toBe('longer than before');
    await expect(tenant.readFile(tree.root, 'gone.txt')).rejects.toMatchObject({ code: 'repository.path_unknown' });
    await session.close();
  });

  test('takes synthesised content, the last entry for a path, and takes entries back', async () => {
    const tenant = await tenantOn(new MemoryStore());
    const root = folderOf({ 'a.txt': 'first', 'b.txt': 'to be taken back' });
    const [a, b] = await filesOf(root);
    const big = randomBytes(1_500_000);
    const session = await tenant.session('backup_1', { type: 'full' });
    const made = { ...a!, path: 'made/up.bin', content: big };
    const again = { ...a!, content: Buffer.from('second') };
    const tree = await session.capture({ datasetId: 'set', root, files: groups([a!, b!, made], [], [again, { ...b!, kind: 'gone' }]) });
    await session.flush();
    expect(tree).toMatchObject({ objects: 2, bytes: 1_500_006, findings: [] });
    const paths: string[] = [];
    for await (const entry of tenant.entries(tree.root)) paths.push(entry.path);
    expect(paths).toEqual(['a.txt', 'made/up.bin']);
    expect(Buffer.from(await tenant.readFile(tree.root, 'a.txt')).toString()).toBe('second');
    expect(
      Buffer.compare(
        await tenant.readFile(tree.root, 'made/up.bin', { start: 1_000_000, end: 1_200_000 }),
        big.subarray(1_000_000, 1_200_000),
      ),
    ).toBe(0);
    await session.close();
  });

  test('an empty group is a barrier: what is before it was read when the next group is asked for', async () => {
    const tenant = await tenantOn(new MemoryStore());
    const root = folderOf({ 'a.bin': randomBytes(800_000) });
    const files = await filesOf(root);
    const seen: number[] = [];
    let read = 0;
    async function* source(): AsyncGenerator<CaptureFile[]> {
      yield files;
      yield [];
      seen.push(read);
    }
    const session = await tenant.session('backup_1', { type: 'full' });
    await session.capture({ datasetId: 'set', root, files: source(), progress: (now) => (read = now.files) });
    expect(seen).toEqual([1]);
    await session.close();
  });

  test('refuses paths that would leave the data set, and stops when it is aborted', async () => {
    const tenant = await tenantOn(new MemoryStore());
    const root = folderOf({ 'a.txt': 'a' });
    const [a] = await filesOf(root);
    const session = await tenant.session('backup_1', { type: 'full' });
    for (const path of ['../a.txt', '/a.txt', 'x//y', './a', 'a\0b', '']) {
      await expect(session.capture({ datasetId: 'set', root, files: groups([{ ...a!, path }]) })).rejects.toMatchObject({
        code: 'repository.bad_path',
      });
    }
    const aborted = AbortSignal.abort(new Error('stop'));
    await expect(session.capture({ datasetId: 'set', root, files: groups([a!]), signal: aborted })).rejects.toThrow('stop');
    await session.close();
  });

  test('a data set that is empty is a tree with nothing in it', async () => {
    const tenant = await tenantOn(new MemoryStore());
    const { trees, commit } = await backUp(tenant, 'backup_1', { nothing: temporaryFolder() });
    expect(trees[0]).toMatchObject({ objects: 0, bytes: 0 });
    expect(await tenant.restore(commit.datasets[0]!.root!, join(temporaryFolder(), 'back'))).toMatchObject({ objects: 0 });
  });
});
