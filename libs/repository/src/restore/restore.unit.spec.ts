import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, newRepository } from '../testing/opened.ts';
import type { CaptureFile, Progress } from '../types.ts';
import { makeDurable } from './make-durable.ts';

let store: MemoryStore;
let repository: Repository;
let tenant: TenantRepository;

beforeAll(async () => {
  store = new MemoryStore();
  repository = await newRepository(store, { workers: 2 });
  tenant = await repository.tenant('acme', { create: true });
});
afterAll(async () => {
  await repository.close();
  removeFolders();
});

let backups = 0;
const rootOf = async (source: string): Promise<string> => (await backUp(tenant, `backup_${++backups}`, { set: source })).trees[0]!.root;
const fresh = (): string => join(temporaryFolder('target'), 'back');

async function rootOfFiles(files: readonly CaptureFile[]): Promise<string> {
  const session = await tenant.session(`backup_${++backups}`, { type: 'full' });
  const { root } = await session.capture({ datasetId: 'set', root: '/', files: [files] });
  await session.flush();
  await session.close();
  return root;
}

const made = (path: string, content: Uint8Array, more: Partial<CaptureFile> = {}): CaptureFile => {
  const identity = { mode: 0o600, uid: 0, gid: 0, mtimeNs: 5_000_000_000n, ctimeNs: 0n, ino: 1n };
  return { path, kind: 'file', size: content.length, content, ...identity, ...more };
};

describe('where it restores to', () => {
  test('an absent or an empty folder; anything in it is refused and stays as it is', async () => {
    const root = await rootOf(folderOf({ a: 'x' }));
    const empty = temporaryFolder('target');
    await tenant.restore(root, empty);
    expect(contentsOf(empty)).toMatchObject({ a: expect.stringContaining('file') });
    writeFileSync(join(empty, 'a'), 'mine');
    await expect(tenant.restore(root, empty)).rejects.toMatchObject({ code: 'repository.target_not_empty' });
    expect(readFileSync(join(empty, 'a'), 'utf8')).toBe('mine');
  });

  test('a folder whose parent does not exist is refused with what to do', async () => {
    const root = await rootOf(folderOf({ a: 'x' }));
    await expect(tenant.restore(root, '/does/not/exist')).rejects.toMatchObject({ code: 'repository.target_failed' });
  });

  test('never through a link that is part of the backup: links come last', async () => {
    const outside = temporaryFolder('outside');
    const link = { ...made('a', Buffer.alloc(0)), kind: 'symlink' as const, linkTarget: outside, content: undefined };
    const root = await rootOfFiles([link, made('a/evil.txt', Buffer.from('evil')), made('b.bin', randomBytes(5000))]);
    await expect(tenant.restore(root, fresh())).rejects.toMatchObject({ code: 'repository.target_failed' });
    expect(existsSync(join(outside, 'evil.txt'))).toBe(false);
  });
});

describe('what it restores', () => {
  test('a file of many pieces, written by several threads out of order', async () => {
    const big = randomBytes(30_000_000);
    const source = folderOf({ 'big.bin': big, 'same/again.bin': big.subarray(0, 10_485_760) });
    const target = fresh();
    const report = await tenant.restore(await rootOf(source), target);
    expect(contentsOf(target)).toEqual(contentsOf(source));
    expect(report).toMatchObject({ objects: 2, bytes: 40_485_760 });
    expect(report.bytesRead).toBeLessThan(31_000_000);
  });

  test('only what the filter takes, with the folders above it', async () => {
    const source = folderOf({ 'keep/one.bin': randomBytes(3000), 'keep/two.txt': 'two', 'drop/three.bin': randomBytes(3000) });
    const target = fresh();
    const report = await tenant.restore(await rootOf(source), target, { filter: ({ path }) => path.startsWith('keep/') });
    expect(Object.keys(contentsOf(target)).sort()).toEqual(['keep', 'keep/one.bin', 'keep/two.txt']);
    expect(report.objects).toBe(2);
  });

  test('mode, time and, as root, owner: of files, folders and links', async () => {
    const source = folderOf({ 'd/f': 'x', 'd/g': randomBytes(2000) });
    symlinkSync('f', join(source, 'd/l'));
    mkdirSync(join(source, 'd/e'), { mode: 0o711 });
    const root = process.getuid?.() === 0;
    if (root) for (const path of ['d/f', 'd/g', 'd/e']) chownSync(join(source, path), 1234, 567);
    const target = fresh();
    await tenant.restore(await rootOf(source), target);
    expect(contentsOf(target)).toEqual(contentsOf(source));
    if (root) for (const path of ['d/f', 'd/g', 'd/e']) expect(lstatSync(join(target, path))).toMatchObject({ uid: 1234, gid: 567 });
  });

  test('files that were never in a listing keep the mode and time they were given', async () => {
    const target = fresh();
    await tenant.restore(
      await rootOfFiles([made('x/y/small', Buffer.from('s'), { mode: 0o640 }), made('x/large', randomBytes(700_000))]),
      target,
    );
    expect(lstatSync(join(target, 'x/y/small'))).toMatchObject({ mtimeMs: expect.closeTo(5000, 2) });
    expect(lstatSync(join(target, 'x/y/small')).mode & 0o777).toBe(0o640);
    expect(lstatSync(join(target, 'x/y')).mode & 0o777).toBe(0o755);
  });
});

test('restored files are made durable at once, or one by one where the system has no such command', async () => {
  const folder = folderOf({ a: 'x', 'b/c': 'y' });
  symlinkSync('nowhere', join(folder, 'link'));
  expect(await makeDurable(folder, 'false')).toBe('one by one');
  expect(await makeDurable(folder, 'no-such-command-here')).toBe('one by one');
  expect(await makeDurable(folder, 'true')).toBe('at once');
  await expect(makeDurable(join(folder, 'none'), 'false')).rejects.toThrow(/ENOENT/);
});

test('progress counts up to what the report says; an abort stops it', async () => {
  const source = folderOf(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, randomBytes(i * 10)])));
  const root = await rootOf(source);
  const seen: Progress[] = [];
  const report = await tenant.restore(root, fresh(), { progress: (now) => seen.push(now) });
  expect(seen.at(-1)).toEqual({ files: 200, filesTotal: 200, bytes: report.bytes, bytesTotal: report.bytes });
  await expect(tenant.restore(root, fresh(), { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
});

describe('a backup read as a folder', () => {
  let root: string;
  let source: string;
  beforeAll(async () => {
    source = folderOf({ 'a.txt': 'hello', 'd/b.bin': randomBytes(2_500_000), 'd/e/c.txt': 'deep', 'd-x': 'beside' });
    root = await rootOf(source);
  });
  const paths = async (prefix?: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of tenant.openFiles(root).list(prefix)) found.push(...page.map(({ path, kind }) => `${kind} ${path}`));
    return found;
  };

  test('lists all of it, or what is below a folder, in byte order', async () => {
    expect(await paths()).toEqual(
      ['file a.txt', 'dir d', 'file d-x', 'dir d/e', 'file d/b.bin', 'file d/e/c.txt'].sort((a, b) =>
        a.slice(a.indexOf(' ')) < b.slice(b.indexOf(' ')) ? -1 : 1,
      ),
    );
    expect(await paths('d')).toEqual(['file d/b.bin', 'dir d/e', 'file d/e/c.txt']);
    expect(await paths('nothing')).toEqual([]);
  });

  test('reads folders, stats and ranges', async () => {
    const folder = tenant.openFiles(root);
    expect((await folder.readdir()).map(({ path }) => path)).toEqual(['a.txt', 'd', 'd-x']);
    expect((await folder.readdir('d')).map(({ path }) => path)).toEqual(['d/b.bin', 'd/e']);
    expect(await folder.stat('d/b.bin')).toMatchObject({ kind: 'file', size: 2_500_000, mtimeMs: expect.any(Number) });
    expect(await folder.stat('d/none')).toBeUndefined();
    const bytes = readFileSync(join(source, 'd/b.bin'));
    expect(Buffer.compare(await folder.read('d/b.bin'), bytes)).toBe(0);
    for (const [start, end] of [
      [0, 1],
      [1_048_570, 1_048_580],
      [2_499_999, 2_500_000],
    ] as const) {
      expect(Buffer.compare(await folder.read('d/b.bin', { start, end }), bytes.subarray(start, end))).toBe(0);
    }
    expect(Buffer.from(await folder.read('a.txt', { start: 1, end: 3 })).toString()).toBe('el');
  });

  test('refuses ranges beyond the end and paths that are no files', async () => {
    const folder = tenant.openFiles(root);
    for (const range of [
      { start: 0, end: 6 },
      { start: 3, end: 3 },
      { start: -1, end: 2 },
    ]) {
      await expect(folder.read('a.txt', range)).rejects.toMatchObject({ code: 'store.range_outside' });
    }
    await expect(folder.read('d')).rejects.toMatchObject({ code: 'repository.path_unknown' });
  });
});
