import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openKeys } from '@dr/keys';
import { openStore } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from './api.ts';
import { sha256Hex } from './format/hashes.ts';
import { decodeSealed } from './format/sealed-json.ts';
import { decodeEntry, encodeEntry } from './format/tree-entry.ts';
import { openRepository } from './repository.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { GOLDEN_PASSPHRASE, GOLDEN_PINNED_FOLDER, pinnedFiles } from './testing/golden.ts';
import { manifestOf, NOW, newRepository } from './testing/opened.ts';
import { publishPlan, scopeOf } from './testing/publish-plan.ts';
import type { BackupType, CaptureFile, CaptureRequest, Commit, TreeEntry } from './types.ts';

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
  root = folderOf({ 'meta.json': '{"a": 1}', 'data/one': randomBytes(70_000), 'data/two': randomBytes(300_000) });
});
afterEach(() => repository.close());
afterAll(removeFolders);

/** The folder as a snapshot lists it: what is below `data` is not to be read. */
async function listed(): Promise<CaptureFile[]> {
  const files: CaptureFile[] = [];
  for await (const page of captureFiles(root)) files.push(...page.map((file) => ({ ...file, pin: file.path.startsWith('data/') })));
  return files;
}

const plain = async (): Promise<CaptureFile[]> => (await listed()).map((file) => ({ ...file, pin: undefined }));

async function backUp(id: string, type: BackupType, request: Partial<CaptureRequest> = {}) {
  const session = await tenant.session(id, { type });
  try {
    const files = [type === 'snapshot' ? await listed() : await plain()];
    const tree = await session.capture({ datasetId: 'set', root, files, ...request });
    const commit = (await session.commit(manifestOf(id, [tree], type))) as Commit;
    return { tree, commit };
  } finally {
    await session.close();
  }
}

async function entriesOf(of: string, on = tenant): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for await (const entry of on.entries(of)) entries.push(entry);
  return entries;
}
const pinnedIn = async (of: string): Promise<string[]> => (await entriesOf(of)).filter((e) => e.pinned).map(({ path }) => path);

describe('a snapshot', () => {
  test('without a base reads the metadata and pins the rest by identity, and says how much', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    expect(tree).toMatchObject({ objects: 3, bytes: 370_008, pinned: { objects: 2, bytes: 370_000 }, findings: [] });
    expect([...store.objects.keys()].some((key) => key.includes('/packs/data/'))).toBe(false);
    const [listedOne] = (await listed()).filter(({ path }) => path === 'data/one');
    const { size, mtimeNs, ctimeNs, ino, mode, uid, gid } = listedOne!;
    const one = (await entriesOf(tree.root)).find(({ path }) => path === 'data/one');
    expect(one).toMatchObject({ size, mtimeNs, ctimeNs, ino, mode, uid, gid, pinned: true, racy: false, pieces: [] });
    expect(one!.digest).toBeUndefined();
    expect(Buffer.from(await tenant.readFile(tree.root, 'meta.json')).toString()).toBe('{"a": 1}');
  });

  test('refers to the pieces of what an earlier backup holds, and pins only what changed since', async () => {
    const full = await backUp('backup_1', 'full');
    writeFileSync(join(root, 'data/two'), randomBytes(1000));
    const { tree } = await backUp('backup_2', 'snapshot', { bases: [full.tree.root] });
    expect(tree).toMatchObject({ pinned: { objects: 1, bytes: 1000 }, takenOver: 2 });
    expect(await pinnedIn(tree.root)).toEqual(['data/two']);
    const [one] = (await entriesOf(tree.root)).filter(({ path }) => path === 'data/one');
    expect(one!.pieces).toEqual((await entriesOf(full.tree.root)).find(({ path }) => path === 'data/one')!.pieces);
  });

  test('pins what lies only in a pack that a plan names', async () => {
    const full = await backUp('backup_1', 'full');
    const victims = [...store.objects.keys()].filter((key) => key.includes('/packs/data/')).map((key) => key.slice(-64));
    await publishPlan(store, await scopeOf(store, repository.id), { n: 1, victims });
    const { tree } = await backUp('backup_2', 'snapshot', { bases: [full.tree.root] });
    expect(await pinnedIn(tree.root)).toEqual(['data/one', 'data/two']);
  });

  test('reads a file that is so young that its identity would prove nothing', async () => {
    const at = Number((await listed()).find(({ path }) => path === 'data/one')!.ctimeNs / 1_000_000n);
    await repository.close();
    repository = await newRepository(new MemoryStore(), { now: () => at + 20 });
    tenant = await repository.tenant('acme', { create: true });
    const { tree } = await backUp('backup_1', 'snapshot');
    expect(await pinnedIn(tree.root)).toEqual([]);
    expect(tree.pinned).toEqual({ objects: 0, bytes: 0 });
  });

  test('is restored only by who says where the pinned bytes are', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    const full = await backUp('backup_2', 'full');
    const target = () => join(temporaryFolder(), 'back');
    await expect(tenant.restore(tree.root, target())).rejects.toMatchObject({ code: 'repository.pinned_only' });
    await expect(tenant.readFile(tree.root, 'data/one')).rejects.toMatchObject({ code: 'repository.pinned_only' });

    const held = new Map((await entriesOf(full.tree.root)).map((entry) => [entry.path, entry]));
    const whole = target();
    await tenant.restore(tree.root, whole, { pinned: ({ path }) => held.get(path)! });
    expect(contentsOf(whole)).toEqual(contentsOf(root));

    const part = target();
    await tenant.restore(tree.root, part, { pinned: () => 'left-to-caller' });
    expect(Object.keys(contentsOf(part))).toEqual(['data', 'meta.json']);
    const wrong = tenant.restore(tree.root, target(), { pinned: () => held.get('meta.json')! });
    await expect(wrong).rejects.toMatchObject({ code: 'repository.pinned_only' });
  });

  test('is verified as far as it goes, and the report says what it only pins', async () => {
    await backUp('backup_1', 'snapshot');
    for (const level of ['quick', 'full'] as const) {
      const report = await tenant.verify('backup_1', { level });
      expect(report).toMatchObject({ ok: true, objects: 1, bytes: 8, pinned: { objects: 2, bytes: 370_000 } });
    }
    await backUp('backup_2', 'full');
    expect((await tenant.verify('backup_2', { level: 'full' })).pinned).toBeUndefined();
  });
});

describe('what a snapshot only pins', () => {
  test('is nothing that a later backup can be built on: the file is read', async () => {
    const snapshot = await backUp('backup_1', 'snapshot');
    utimesSync(join(root, 'meta.json'), 1, 1);
    const { tree } = await backUp('backup_2', 'incremental', { bases: [snapshot.tree.root] });
    expect(tree).toMatchObject({ takenOver: 0, pinned: { objects: 0, bytes: 0 } });
    const back = join(temporaryFolder(), 'back');
    await tenant.restore(tree.root, back);
    expect(contentsOf(back)).toEqual(contentsOf(root));
  });

  test('cannot get into a backup of another type', async () => {
    const pin = backUp('backup_1', 'incremental', { files: [await listed()] });
    await expect(pin).rejects.toMatchObject({ code: 'repository.bad_request' });
    const { tree } = await backUp('backup_2', 'snapshot');
    const session = await tenant.session('backup_3', { type: 'incremental' });
    const commit = session.commit(manifestOf('backup_3', [tree], 'incremental'));
    await expect(commit).rejects.toMatchObject({ code: 'repository.commit_incomplete', message: expect.stringContaining('data/one') });
    await session.close();
  });
});

describe('where the bytes of what is pinned are', () => {
  const find = (tree: { root: string }, backupId: string) => tenant.findPinned(tree.root, { datasetId: 'set', backupId });

  test('in a later backup that read the same file, also when the source has changed since and even later ones do not hold it', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    const full = await backUp('backup_2', 'full');
    const one = readFileSync(join(root, 'data/one'));
    writeFileSync(join(root, 'data/one'), 'other');
    await backUp('backup_3', 'full');
    const { held, missing } = await find(tree, 'backup_1');
    expect([[...held.keys()].sort(), missing]).toEqual([['data/one', 'data/two'], []]);
    expect(held.get('data/one')).toEqual((await entriesOf(full.tree.root)).find(({ path }) => path === 'data/one'));
    expect(Buffer.from(await tenant.readEntry(held.get('data/one')!)).equals(one)).toBe(true);
    expect(Buffer.from(await tenant.readEntry(held.get('data/one')!, { start: 5, end: 9 })).equals(one.subarray(5, 9))).toBe(true);
  });

  test('nowhere, when the file was changed before the next backup, or that one is gone, or its packs are', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    utimesSync(join(root, 'data/one'), 1, 1);
    await backUp('backup_2', 'full');
    expect((await find(tree, 'backup_1')).missing.map(({ path }) => path)).toEqual(['data/one']);
    for (const key of [...store.objects.keys()].filter((key) => key.includes('/packs/data/'))) await store.delete(key);
    expect((await find(tree, 'backup_1')).missing.map(({ path }) => path)).toEqual(['data/one', 'data/two']);
  });

  test('not in a backup that a plan purges, nor in another snapshot that only pins it, nor in another data set', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    await backUp('backup_2', 'snapshot');
    await backUp('backup_3', 'full');
    expect((await find(tree, 'backup_1')).missing).toEqual([]);
    expect((await tenant.findPinned(tree.root, { datasetId: 'other', backupId: 'backup_1' })).held.size).toBe(0);
    await publishPlan(store, await scopeOf(store, repository.id), { n: 1, purged: ['backup_3'] });
    expect((await find(tree, 'backup_1')).held.size).toBe(0);
  });

  test('asked for some paths, only those are looked for', async () => {
    const { tree } = await backUp('backup_1', 'snapshot');
    const { missing } = await tenant.findPinned(tree.root, {
      datasetId: 'set',
      backupId: 'backup_1',
      wanted: (path) => path.endsWith('two'),
    });
    expect(missing.map(({ path }) => path)).toEqual(['data/two']);
  });
});

describe('the form of a pinned entry', () => {
  const identity = { racy: false, mode: 0o640, uid: 1, gid: 2, mtimeNs: 3n, ctimeNs: -4n, ino: 5n };

  test('is one that readers before it refuse: their highest flag was 16', () => {
    const body = encodeEntry({ ...identity, kind: 'file', size: 2 ** 40, pinned: true }).view();
    expect(body[0]).toBeGreaterThan(31);
    expect(decodeEntry('a', body)).toEqual({ path: 'a', kind: 'file', ...identity, size: 2 ** 40, pieces: [], pinned: true });
  });

  test.each([32 + 8, 32 + 1, 32 + 2, 64])('with flags %i it is nothing that anybody wrote', (flags) => {
    const body = Buffer.from(encodeEntry({ ...identity, kind: 'file', size: 7, pinned: true }).view());
    body[0] = flags;
    expect(() => decodeEntry('a', body)).toThrow(expect.objectContaining({ code: 'repository.malformed' }));
  });

  test('ends after the size', () => {
    const body = Buffer.concat([encodeEntry({ ...identity, kind: 'file', size: 7, pinned: true }).view(), Buffer.alloc(1)]);
    expect(() => decodeEntry('a', body)).toThrow(expect.objectContaining({ code: 'repository.malformed' }));
  });
});

describe('the snapshot that was frozen', () => {
  const BACKUP = 'backup_20261124_000000_00000002';
  const opened = async () => {
    const frozen = await openStore(fileURLToPath(GOLDEN_PINNED_FOLDER), { mode: 'read' });
    const unlock = { passphrase: async () => GOLDEN_PASSPHRASE };
    return openRepository(frozen, { unlock, mode: 'read', now: () => NOW, workers: 1 });
  };

  test('opens with its entries: held by reference, read, and pinned', async () => {
    const golden = await opened();
    const acme = await golden.tenant('acme');
    const commit = await acme.commit(BACKUP);
    expect(commit.datasets[0]!.pinned).toEqual({ objects: 3, bytes: 2 ** 33 + 5 + 20_000 + 40_000 });
    const entries = new Map((await entriesOf(commit.datasets[0]!.root!, acme)).map((entry) => [entry.path, entry]));
    for (const { path, size, etag, mtimeNs, ino } of pinnedFiles()) {
      expect(entries.get(path)).toMatchObject({ mtimeNs, ino, ...(etag && { etag }), ...(size > 0 && { size }) });
    }
    expect([...entries.values()].filter((e) => e.pinned).map((e) => e.path)).toEqual(['cuts', 'new/pinned', 'new/with-etag']);
    expect(entries.get('fixed')!.pieces).toHaveLength(5);
    expect((await acme.verify(BACKUP, { level: 'full' })).findings).toEqual([]);
    await golden.close();
  });

  test('has a commit of format 2, which readers of format 1 refuse, and its full one of format 1', async () => {
    const frozen = await openStore(fileURLToPath(GOLDEN_PINNED_FOLDER), { mode: 'read' });
    const ring = await openKeys(frozen, { unlock: { passphrase: async () => GOLDEN_PASSPHRASE } });
    const keys = (await ring.tenantKeys('acme'))!;
    const owner = { repositoryId: ring.repositoryId, tag: keys.tag };
    const formatOf = async (id: string): Promise<number> => {
      const key = `t/${keys.tag}/backups/${id}`;
      return decodeSealed<{ format: number }>('commit', key, owner, (epoch) => keys.dataKey(epoch), await frozen.read(key)).format;
    };
    expect([await formatOf('backup_20261124_000000_00000001'), await formatOf(BACKUP)]).toEqual([1, 2]);
  });

  test('is the one that was frozen: nobody made it anew', () => {
    const files = readdirSync(GOLDEN_PINNED_FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
    const lines = paths.map((path) => `${relative(fileURLToPath(GOLDEN_PINNED_FOLDER), path)} ${sha256Hex(readFileSync(path))}`);
    expect(sha256Hex(Buffer.from(lines.join('\n')))).toBe('54fb43a1744f3e89eb00574128c3e6a9d003ea6d4497314aa0a47e7a0d1f55f7');
  });
});
