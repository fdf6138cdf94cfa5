import { randomBytes } from 'node:crypto';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import type { BackupSession, Repository, TenantRepository } from '../api.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { manifestOf, newRepository, reopened } from '../testing/opened.ts';
import { publishPlan, scopeOf } from '../testing/publish-plan.ts';
import type { BackupType, CapturedTree, CaptureFile, CaptureRequest, PieceId } from '../types.ts';

const opened: Repository[] = [];
/** Later than any file here is changed, so that nothing is racy. */
const settled = { now: () => Date.UTC(2100, 0, 1) };
let store: MemoryStore;
let tenant: TenantRepository;
let root: string;

async function tenantAgain(): Promise<TenantRepository> {
  const repository = await reopened(store, 'write', settled);
  opened.push(repository);
  return repository.tenant('acme');
}

beforeEach(async () => {
  store = new MemoryStore();
  const repository = await newRepository(store, settled);
  opened.push(repository);
  tenant = await repository.tenant('acme', { create: true });
  root = folderOf({ 'a.bin': randomBytes(70_000), 'b/c.bin': randomBytes(2_000_000), 'd.json': '{}', 'e.txt': 'word '.repeat(900) });
});
afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close();
});
afterAll(removeFolders);

async function listing(folder = root): Promise<CaptureFile[]> {
  const files: CaptureFile[] = [];
  for await (const page of captureFiles(folder)) files.push(...page);
  return files;
}

type Wanted = Partial<CaptureRequest> & { id: string; type?: BackupType; of?: TenantRepository };

/** One backup of one data set. */
async function backUp({ id, type = 'incremental', of = tenant, files, ...request }: Wanted) {
  const session = await of.session(id, { type });
  const tree = await session.capture({ datasetId: 'set', root, ...request, files: files ?? [await listing()] });
  const commit = await session.commit(manifestOf(id, [tree], type));
  await session.close();
  if (commit.kind !== 'commit') throw new Error('no commit');
  return { tree, commit };
}

async function restored(tree: PieceId): Promise<Record<string, string>> {
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(tree, target);
  return contentsOf(target);
}

const packs = (kind: string): string[] =>
  [...store.objects.keys()].filter((key) => key.includes(`/packs/${kind}/`)).map((key) => key.slice(-64));

describe('a file whose identity did not change', () => {
  test('is taken over without being opened; an unchanged data set stores nothing, not even a page', async () => {
    const files = [await listing()];
    const first = await backUp({ id: 'backup_1', type: 'full' });
    const objects = packs('data').length + packs('meta').length;
    const contents = contentsOf(root);
    renameSync(root, `${root}-away`);
    const second = await backUp({ id: 'backup_2', bases: [first.tree.root], files });
    renameSync(`${root}-away`, root);
    expect(second.tree).toMatchObject({ root: first.tree.root, newBytes: 0, storedBytes: 0, takenOver: 4, objects: 4, findings: [] });
    expect(second.tree.bytes).toBe(first.tree.bytes);
    expect(second.commit.segments).toEqual([]);
    expect(packs('data').length + packs('meta').length).toBe(objects);
    expect(await restored(second.tree.root)).toEqual(contents);
  });

  test('is not told of as read; what is read is, before it is', async () => {
    const first = await backUp({ id: 'backup_1' });
    let reads = 0;
    const onRead = () => {
      reads++;
    };
    await backUp({ id: 'backup_2', bases: [first.tree.root], onRead });
    expect(reads).toBe(0);
    writeFileSync(join(root, 'a.bin'), randomBytes(80_000));
    const { tree } = await backUp({ id: 'backup_3', bases: [first.tree.root], onRead });
    expect([reads, tree.takenOver]).toEqual([1, 3]);
  });

  test('is told of as done in the progress', async () => {
    const first = await backUp({ id: 'backup_1' });
    const seen: number[][] = [];
    const progress = (now: { files: number; filesTotal: number; bytes: number; bytesTotal: number }): void => {
      seen.push([now.files, now.filesTotal, now.bytes, now.bytesTotal]);
    };
    await backUp({ id: 'backup_2', bases: [first.tree.root], progress });
    expect(seen.at(-1)).toEqual([4, 4, first.tree.bytes, first.tree.bytes]);
  });

  test('beside one that changed, one that is new and one that is gone: only what changed is read', async () => {
    const first = await backUp({ id: 'backup_1' });
    writeFileSync(join(root, 'a.bin'), randomBytes(80_000));
    writeFileSync(join(root, 'b/new.bin'), randomBytes(90_000));
    rmSync(join(root, 'e.txt'));
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root] });
    expect(tree.takenOver).toBe(2);
    expect(tree.newBytes).toBeGreaterThanOrEqual(170_000);
    expect(tree.newBytes).toBeLessThan(180_000);
    expect(await restored(tree.root)).toEqual(contentsOf(root));
    expect((await tenant.verify('backup_2', { level: 'full' })).ok).toBe(true);
  });
});

describe('a file is read', () => {
  const shifted: Record<string, (file: CaptureFile) => Partial<CaptureFile>> = {
    size: ({ size }) => ({ size: size + 1 }),
    mtime: ({ mtimeNs }) => ({ mtimeNs: mtimeNs + 1n }),
    ctime: ({ ctimeNs }) => ({ ctimeNs: ctimeNs + 1n }),
    inode: ({ ino }) => ({ ino: ino + 1n }),
    mode: ({ mode }) => ({ mode: mode ^ 0o100 }),
    owner: ({ uid }) => ({ uid: uid + 1 }),
    group: ({ gid }) => ({ gid: gid + 1 }),
    etag: () => ({ etag: 'another' }),
    'its content is given': ({ size }) => ({ content: randomBytes(size) }),
  };

  test.each(Object.keys(shifted))('when the listing has another %s', async (field) => {
    const first = await backUp({ id: 'backup_1' });
    const files = [(await listing()).map((file) => (file.path === 'a.bin' ? { ...file, ...shifted[field]!(file) } : file))];
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root], files });
    expect(tree.takenOver).toBe(3);
  });

  test('when it was racy, since its identity proves nothing', async () => {
    const early = await reopened(store, 'write', { now: () => 0 });
    opened.push(early);
    const first = await backUp({ id: 'backup_1', of: await early.tenant('acme') });
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root] });
    expect(tree).toMatchObject({ takenOver: 0, findings: [] });
    expect((await backUp({ id: 'backup_3', bases: [tree.root] })).tree.takenOver).toBe(4);
  });

  test('when a plan names a pack that holds a piece of it (R2)', async () => {
    const first = await backUp({ id: 'backup_1' });
    await publishPlan(store, await scopeOf(store, opened[0]!.id), { n: 1, victims: packs('data') });
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root] });
    expect(tree.takenOver).toBe(2);
    expect(tree.newBytes).toBeGreaterThanOrEqual(2_070_000);
  });

  test('when the store lists the pack with another size', async () => {
    const first = await backUp({ id: 'backup_1' });
    const key = [...store.objects.keys()].find((name) => name.includes('/packs/data/'))!;
    const object = store.objects.get(key)!;
    store.objects.set(key, { ...object, bytes: object.bytes.subarray(0, 4096) });
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root] });
    expect(tree.takenOver).toBeLessThan(4);
    expect(await restored(tree.root)).toEqual(contentsOf(root));
  });

  test('when the base cannot be read: it is an offer, not a need', async () => {
    const first = await backUp({ id: 'backup_1' });
    for (const key of [...store.objects.keys()].filter((name) => name.includes('/packs/meta/'))) store.objects.delete(key);
    const { tree } = await backUp({ id: 'backup_2', bases: [first.tree.root, 'ab'.repeat(32)] });
    expect(tree).toMatchObject({ takenOver: 0, objects: 4, findings: [] });
    await expect(backUp({ id: 'backup_3', bases: ['no id'] })).rejects.toMatchObject({ code: 'repository.damaged' });
  });

  test('when the entry is that of a source in an object store and its etag is the same, it is taken over whatever its ctime', async () => {
    const tagged = async (ctimeNs: bigint): Promise<CaptureFile[][]> => [
      (await listing()).map((file) => ({ ...file, ctimeNs, etag: `"${file.size}"` })),
    ];
    const files = await tagged(1n);
    const contents = files.map((group) =>
      group.map((file) => (file.kind === 'file' ? { ...file, content: randomBytes(file.size) } : file)),
    );
    const first = await backUp({ id: 'backup_1', files: contents });
    const { tree } = await backUp({ id: 'backup_2', files: await tagged(2n), bases: [first.tree.root] });
    expect(tree.takenOver).toBe(4);
  });
});

describe('a full', () => {
  test('reads every file, whatever earlier backups say', async () => {
    const first = await backUp({ id: 'backup_1', type: 'full' });
    const { tree } = await backUp({ id: 'backup_2', type: 'full', bases: [first.tree.root] });
    expect(tree).toMatchObject({ takenOver: 0, newBytes: 0 });
  });

  const half = async (session: BackupSession, paths: readonly string[]): Promise<CapturedTree> =>
    session.capture({ datasetId: 'set', root, files: [(await listing()).filter(({ path }) => paths.includes(path))], slice: true });
  const finish = async (session: BackupSession, slices: readonly CapturedTree[]): Promise<CapturedTree> => {
    const tree = await session.capture({ datasetId: 'set', root, files: [await listing()], bases: slices.map(({ root: slice }) => slice) });
    expect((await session.commit(manifestOf('backup_9', [tree]))).kind).toBe('commit');
    expect(await restored(tree.root)).toEqual(contentsOf(root));
    return tree;
  };

  test('takes over what slices of the same session object captured, stored or still in memory', async () => {
    const session = await tenant.session('backup_9', { type: 'full' });
    const slices = [await half(session, ['a.bin', 'd.json']), await half(session, ['b/c.bin', 'e.txt'])];
    expect(await finish(session, slices)).toMatchObject({ takenOver: 4, objects: 4 });
    await session.close();
  });

  test.each(['an empty repository', 'a repository that has all of it already'])(
    'takes over what another process of the same session captured, into %s',
    async (before) => {
      if (!before.includes('empty')) await backUp({ id: 'backup_1', type: 'full' });
      const finisher = await tenant.session('backup_9', { type: 'full' });
      const worker = await (await tenantAgain()).session('backup_9', { type: 'full' });
      const slices = [await half(worker, ['a.bin', 'b/c.bin', 'd.json', 'e.txt'])];
      await worker.flush();
      await worker.close();
      expect(await finish(finisher, slices)).toMatchObject({ takenOver: 4 });
      await finisher.close();
    },
  );

  test('does not take a slice of another session for its own', async () => {
    const other = await tenant.session('backup_8', { type: 'full' });
    const slices = [await half(other, ['a.bin', 'b/c.bin'])];
    await other.flush();
    await other.close();
    const session = await tenant.session('backup_9', { type: 'full' });
    expect(await finish(session, slices)).toMatchObject({ takenOver: 0 });
    await session.close();
  });

  test('reads a file again whose piece lies in an older pack that was damaged since', async () => {
    await backUp({ id: 'backup_1', type: 'full' });
    const worker = await tenant.session('backup_9', { type: 'full' });
    const slices = [await half(worker, ['a.bin', 'b/c.bin'])];
    await worker.flush();
    await worker.close();
    const damaged = [...store.objects.keys()].find((key) => key.includes('/packs/data/'))!;
    (store.objects.get(damaged)!.bytes as Buffer)[500]! ^= 1;
    const session = await (await tenantAgain()).session('backup_9', { type: 'full' });
    const tree = await finish(session, slices);
    expect(tree.takenOver).toBe(0);
    expect(tree.newBytes).toBeGreaterThan(2_000_000);
    await session.close();
  });
});
