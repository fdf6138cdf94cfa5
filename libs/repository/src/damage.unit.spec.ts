import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openKeys } from '@dr/keys';
import { DrError, type ObjectKey, type ObjectStore } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository } from './api.ts';
import { sha256 } from './format/hashes.ts';
import { tenantKeys } from './format/object-names.ts';
import { encodeSealed } from './format/sealed-json.ts';
import { append, type Damage, DamagedStore, dropAt, emptied, flipAt, gone, insertAt } from './testing/damage.ts';
import { contentsOf, folderOf, removeFolders, temporaryFolder } from './testing/folders.ts';
import { backUp, newRepository, reopened, unlock } from './testing/opened.ts';
import type { Commit, VerifyReport } from './types.ts';

/** A small repository with at least one object of every kind; every pack of it is needed by the backup that is verified. */
const store: ObjectStore = new MemoryStore();
const damagedStore = new DamagedStore(store);
/** Opened once over the damaged store: every verification reads everything anew. */
let opened: Repository;
let source: string;
let commit: Commit;
let keys: ObjectKey[];

beforeAll(async () => {
  source = folderOf({
    'inline.json': '{"a":1}',
    'meta.bin': randomBytes(3000),
    'data.bin': randomBytes(40_000),
    'text.txt': 'again and again\n'.repeat(5000),
    'sub/more.bin': randomBytes(20_000),
  });
  const repository = await newRepository(store);
  const tenant = await repository.tenant('acme', { create: true });
  ({ commit } = await backUp(tenant, 'backup_1', { articles: source }));
  await (await tenant.session('backup_2', { type: 'full' })).abandon('cancelled by a test');
  await placeHold();
  await repository.close();
  keys = [];
  for await (const page of store.list('')) keys.push(...page.map(({ key }) => key));
  opened = await reopened(damagedStore, 'read', { workers: 1 });
});

afterAll(async () => {
  await opened.close();
  removeFolders();
});

/** A later version writes holds; verify of this one opens them. */
async function placeHold(): Promise<void> {
  const ring = await openKeys(store, { unlock });
  const tenant = (await ring.tenantKeys('acme'))!;
  const key = `${tenantKeys(tenant.tag).holds}backup_1-0123-1`;
  const belonging = { repositoryId: ring.repositoryId, tag: tenant.tag, epoch: tenant.epoch };
  await store.createIfAbsent(
    key,
    encodeSealed('hold', key, belonging, tenant.dataKey(tenant.epoch), randomBytes(32), { format: 1, reason: 'audit' }),
  );
}

const namesIn = (error: unknown): string[] => (error instanceof DrError ? [error.message] : []);

/** verify(full) of the repository with one object damaged. */
async function verified(key: ObjectKey, damage: Damage): Promise<VerifyReport> {
  damagedStore.show(key, damage);
  return (await opened.tenant('acme')).verify('backup_1', { level: 'full' });
}

const named = (report: VerifyReport, key: ObjectKey): boolean => report.findings.some(({ object }) => object === key);

/** Positions to damage in an object: both ends, what lies between by sample. */
const positionsIn = (size: number, samples: number): number[] => [
  ...new Set([0, 1, size - 1, ...Array.from({ length: samples }, (_, i) => Math.floor(((i + 0.37) * size) / samples))]),
];

test('every kind of object is there', () => {
  const kinds = keys.map((key) =>
    key
      .replace(/^t\/[0-9a-f]{32}\//, '')
      .replace(/^keys2?\/t\/.*/, 'tenant-key')
      .split('/')
      .slice(0, 2)
      .join('/'),
  );
  expect(new Set(kinds)).toEqual(
    new Set([
      'repository.json',
      'keys/m',
      'keys2/m',
      'tenant-key',
      'sessions/backup_1',
      'sessions/backup_2',
      'packs/data',
      'packs/meta',
      'index/0',
      'backups/backup_1',
      'backups/backup_2',
      'holds/backup_1-0123-1',
    ]),
  );
});

test('the undamaged repository has nothing against it', async () => {
  const report = await verified('', (bytes) => bytes);
  expect(report.findings).toEqual([]);
  expect(report).toMatchObject({ ok: true, objects: 5, packs: 3 });
});

test('any flipped bit in any object is found by verify(full), which names the object', async () => {
  for (const key of keys) {
    const size = (await store.stat(key))!.size;
    for (const position of positionsIn(size, key.includes('/packs/') ? 100 : 30)) {
      const report = await verified(key, flipAt(position, position % 8));
      expect({ key, position, named: named(report, key) }).toEqual({ key, position, named: true });
    }
  }
}, 120_000);

/** Keys have two copies: with one of them damaged the repository opens from the other. */
test('a flipped bit in repository.json keeps the repository shut and is named', async () => {
  for (const position of positionsIn((await store.stat('repository.json'))!.size, 10)) {
    await expect(reopened(new DamagedStore(store, 'repository.json', flipAt(position, position % 8)), 'read')).rejects.toThrow(
      /repository\.json is damaged/,
    );
  }
});

const others: Record<string, (size: number) => Damage> = {
  'a byte dropped in front': () => dropAt(0),
  'a byte dropped in the middle': (size) => dropAt(size >> 1),
  'a byte dropped at the end': (size) => dropAt(size - 1),
  'a byte appended': () => append,
  'a byte inserted': (size) => insertAt(size >> 1),
  'everything cut off': () => emptied,
};

test.each(Object.keys(others))(
  '%s: found in any object and named',
  async (name) => {
    for (const key of keys) {
      const report = await verified(key, others[name]!((await store.stat(key))!.size));
      expect({ key, named: named(report, key) }).toEqual({ key, named: true });
    }
  },
  60_000,
);

test('a missing object that the backup needs is found and named', async () => {
  for (const key of keys.filter((key) => /\/(packs|index|backups\/backup_1)|^keys/.test(key))) {
    expect({ key, named: named(await verified(key, gone), key) }).toEqual({ key, named: true });
  }
});

async function restored(key: ObjectKey, damage: Damage): Promise<{ target: string; error?: unknown }> {
  damagedStore.show(key, damage);
  const target = join(temporaryFolder('target'), 'back');
  try {
    await (await opened.tenant('acme')).restore(commit.datasets[0]!.root!, target);
    return { target };
  } catch (error) {
    return { target, error };
  }
}

test('a restore either gives back the right bytes or fails and names the object; never wrong bytes', async () => {
  const right = contentsOf(source);
  let failures = 0;
  for (const key of keys.filter((key) => /\/(packs|index)\//.test(key))) {
    const size = (await store.stat(key))!.size;
    for (const position of positionsIn(size, 12)) {
      const { target, error } = await restored(key, flipAt(position, position % 8));
      if (!error) expect(contentsOf(target)).toEqual(right);
      else expect({ key, position, named: namesIn(error).some((text) => text.includes(key)) }).toEqual({ key, position, named: true });
      if (error) failures++;
    }
    const { error } = await restored(key, gone);
    expect({ key, named: namesIn(error).some((text) => text.includes(key) || text.includes('/index/')) }).toEqual({ key, named: true });
  }
  expect(failures).toBeGreaterThan(20);
}, 60_000);

test('damage says which paths need the object', async () => {
  const pack = keys.find((key) => key.includes('/packs/data/'))!;
  const report = await verified(pack, gone);
  const paths = new Set(report.findings.filter(({ object }) => object === pack).flatMap((finding) => finding.paths));
  expect(paths.size).toBeGreaterThan(0);
  expect([...paths].every((path) => path.startsWith('articles/'))).toBe(true);
  const { error } = await restored(pack, gone);
  expect((error as { paths: string[] }).paths.map((path) => `articles/${path}`).every((path) => paths.has(path))).toBe(true);
});

test('quick finds missing and cut packs', async () => {
  for (const key of keys.filter((key) => key.includes('/packs/'))) {
    for (const damage of [gone, dropAt(100), append]) {
      damagedStore.show(key, damage);
      const report = await (await opened.tenant('acme')).verify('backup_1', { level: 'quick' });
      expect({ key, named: named(report, key) }).toEqual({ key, named: true });
    }
  }
});

test('verify never throws for damage, whatever object is made of other bytes', async () => {
  for (const key of keys.filter((key) => key.startsWith('t/'))) {
    expect({ key, ok: (await verified(key, (bytes) => sha256(bytes))).ok }).toEqual({ key, ok: false });
  }
}, 30_000);
