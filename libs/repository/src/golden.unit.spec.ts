import { readdirSync, readFileSync } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ObjectStore, openStore } from '@dr/storage';
import type { Repository, TenantRepository } from './api.ts';
import { pieceNaming, sha256, sha256Hex } from './format/hashes.ts';
import { encodeFooter } from './format/pack-entries.ts';
import { PackWriter, packBufferBytes } from './format/pack-writer.ts';
import { pieceCompressor } from './format/record.ts';
import { newSeal } from './format/seal.ts';
import { encodeSealed } from './format/sealed-json.ts';
import { encodeSegment, packRows } from './format/segment.ts';
import { encodeEntry } from './format/tree-entry.ts';
import { openRepository } from './repository.ts';
import { contentsOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { bytesOf, GOLDEN_FOLDER, GOLDEN_PASSPHRASE, goldenFiles } from './testing/golden.ts';
import { NOW } from './testing/opened.ts';
import { TreeBuilder } from './tree/build-tree.ts';
import type { Commit, TreeEntry } from './types.ts';

const BACKUP = 'backup_20261124_000000_00000002';
let store: ObjectStore;
let repository: Repository;
let tenant: TenantRepository;
let commit: Commit;

beforeAll(async () => {
  store = await openStore(fileURLToPath(GOLDEN_FOLDER), { mode: 'read' });
  repository = await openRepository(store, {
    unlock: { passphrase: async () => GOLDEN_PASSPHRASE },
    mode: 'read',
    now: () => NOW,
    workers: 1,
  });
  tenant = await repository.tenant('acme');
  commit = await tenant.commit(BACKUP);
});
afterAll(async () => {
  await repository.close();
  removeFolders();
});

describe('the repository that format version 1 froze', () => {
  test('opens and lists what is decided', async () => {
    const decisions: string[] = [];
    for await (const page of tenant.backups()) decisions.push(...page.map(({ kind, backupId }) => `${kind} ${backupId}`));
    expect(decisions).toEqual([`commit ${BACKUP}`, 'tombstone backup_20261124_000000_00000003']);
    expect(await repository.tenants()).toEqual(['acme']);
    await expect(tenant.commit('backup_20261124_000000_00000001')).rejects.toMatchObject({ code: 'repository.backup_purged' });
  });

  test('says what its manifest said', () => {
    expect(commit).toMatchObject({ kind: 'commit', tenant: 'acme', type: 'full', createdAtMs: NOW, expected: 1 });
    expect(commit.datasets).toEqual([
      expect.objectContaining({
        datasetId: 'articles',
        format: 'v3',
        status: 'completed',
        objects: 8,
        headVersion: 'first',
        branches: ['main'],
        tags: [],
        rows: '3',
        findings: [],
      }),
    ]);
  });

  test('gives back every file, byte for byte, with mode, time and link', async () => {
    const target = join(temporaryFolder(), 'back');
    await tenant.restore(commit.datasets[0]!.root!, target);
    const files = goldenFiles();
    expect(Object.keys(contentsOf(target)).sort()).toEqual([...new Set([...files.map(({ path }) => path), 'chunks', 'ünïcode'])].sort());
    for (const file of files) {
      const path = join(target, file.path);
      const stat = await lstat(path, { bigint: true });
      if (file.kind === 'symlink') expect(await readlink(path)).toBe(file.linkTarget);
      else expect([Number(stat.mode) & 0o7777, stat.mtimeNs / 1000n]).toEqual([file.mode, file.mtimeNs / 1000n]);
      if (file.content) expect(readFileSync(path).equals(file.content)).toBe(true);
    }
  });

  test('has the entries that were captured, with identity, digest and chunker', async () => {
    const entries: TreeEntry[] = [];
    for await (const entry of tenant.entries(commit.datasets[0]!.root!)) entries.push(entry);
    for (const { path, content, chunker, etag, mtimeNs, ctimeNs, ino, uid, gid } of goldenFiles()) {
      const entry = entries.find((found) => found.path === path)!;
      expect(entry).toMatchObject({ mtimeNs, ctimeNs, ino, uid, gid });
      expect(entry.etag).toBe(etag);
      if (content && entry.pieces.length < 2) expect(entry.digest).toBe(sha256Hex(content));
      if (chunker) expect(entry.chunker).toEqual(chunker);
    }
    expect(entries.find(({ path }) => path === 'cuts')!.pieces.map(({ length }) => length)).toEqual([5000, 1, 11_999, 3000]);
    expect(entries.find(({ path }) => path === 'chunks/v3')!.pieces.map(({ length }) => length)).toEqual([39, 8000, 8000, 8000, 1000]);
    expect(entries.find(({ path }) => path === 'fixed')!.digest).toBe(
      sha256Hex(
        Buffer.concat([0, 123, 10_123, 20_123, 30_123].map((at, i, all) => sha256(bytesOf('fixed', 40_000).subarray(at, all[i + 1])))),
      ),
    );
  });

  test('verifies in full', async () => {
    expect((await tenant.verify(BACKUP, { level: 'full' })).findings).toEqual([]);
  });

  test('is the one that was frozen: nobody made it anew', () => {
    const files = readdirSync(GOLDEN_FOLDER, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
    const lines = paths.map((path) => `${relative(fileURLToPath(GOLDEN_FOLDER), path)} ${sha256Hex(readFileSync(path))}`);
    const digest = sha256Hex(Buffer.from(lines.join('\n')));
    expect(digest).toBe('c8d7033285e16a425d93a9bd116e3ed2945f5778bf25ed0ce182abeae61faf9d');
  });
});

/** With fixed salts and no compression the writers of this version must make the bytes that version 1 makes. */
describe('format version 1, written today', () => {
  const belonging = { repositoryId: '00112233445566778899aabbccddeeff', tag: 'ffeeddccbbaa99887766554433221100', epoch: 1 };
  const secret = bytesOf('secret', 32);
  const seal = (kind: 'data' | 'index') => newSeal(belonging, kind, secret, bytesOf(`salt ${kind}`, 32));

  test('a pack', () => {
    const naming = pieceNaming(bytesOf('id key', 32));
    const writer = new PackWriter(Buffer.alloc(packBufferBytes(1)), seal('data'), { session: 'backup_1', target: 1 });
    for (const name of ['a', 'b']) {
      const piece = bytesOf(name, 5000);
      writer.append(naming.id(sha256(piece)), piece, pieceCompressor(0)(piece), name);
    }
    expect(writer.finish().name).toBe('3dab1d6b8d9969e04b5b90a165a272b5f51ecb946c0e2aa22e3b19e3332189cc');
  });

  test('a segment', () => {
    const rows = ['a', 'b', 'c'].map((name, i) => ({
      id: bytesOf(name, 32),
      pack: 0,
      offset: i,
      length: 10,
      record: i,
      base: i === 1 ? bytesOf('base', 32) : undefined,
    }));
    const pack = {
      name: '11'.repeat(32),
      kind: 'data' as const,
      size: 4096,
      epoch: 1,
      salt: bytesOf('s', 32),
      commitment: bytesOf('c', 32),
    };
    expect(sha256Hex(encodeSegment({ session: 'backup_1', packs: [pack], ...packRows(rows) }, seal('index')))).toBe(
      '8e1185620bfb940e28240a3162ca1b7a69b5acacd8a1fbcd10ef2f2d88b82000',
    );
  });

  test('a sealed object, and a footer', () => {
    expect(sha256Hex(encodeSealed('commit', 't/x/backups/y', belonging, secret, bytesOf('salt', 32), { format: 1, kind: 'commit' }))).toBe(
      '8cba9075685a758c305f763dd26b351da73babf5fed300cd70282e5220f4134a',
    );
    expect(sha256Hex(encodeFooter({ session: 's', entries: [{ id: bytesOf('a', 32), offset: 112, length: 9, pieceLength: 5 }] }))).toBe(
      '79a6c0861eefcea7cc7619e7bc2861fe4c8c559de4c5f3f16d4eeebf77cf1c78',
    );
  });

  test('a tree', async () => {
    const pages: Buffer[] = [];
    const builder = new TreeBuilder(bytesOf('name key', 32), async (page) => {
      pages.push(page);
      return sha256(page);
    });
    const body = encodeEntry({ kind: 'dir', racy: false, size: 0, mode: 0o755, uid: 1, gid: 2, mtimeNs: 3n, ctimeNs: -4n, ino: 5n }).view();
    for (let i = 0; i < 3000; i++) await builder.add({ path: Buffer.from(`folder/${String(i).padStart(5, '0')}`), body });
    expect(Buffer.from(await builder.finish()).toString('hex')).toBe('4f39b3167b9d040f71a2008ab29b058445c4c8c93694c99cf356adb78c8f2716');
    expect(pages).toHaveLength(16);
  });
});
