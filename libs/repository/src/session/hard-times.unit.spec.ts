import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { ObjectKey } from '@dr/storage';
import { StoreFull } from '@dr/storage';
import { MemoryStore } from '@dr/storage/faults';
import type { Repository, TenantRepository } from '../api.ts';
import { captureFiles, contentsOf, folderOf, removeFolders, temporaryFolder } from '../testing/folders.ts';
import { backUp, manifestOf, newRepository, reopened } from '../testing/opened.ts';

const DAY = 24 * 3600 * 1000;
const opened: Repository[] = [];
afterEach(async () => {
  for (const repository of opened.splice(0)) await repository.close();
});
afterAll(removeFolders);

/** A store with so much space; what does not fit any more is refused whole. */
class SmallStore extends MemoryStore {
  bytesLeft = Infinity;

  override async createIfAbsent(key: ObjectKey, bytes: Uint8Array | readonly Uint8Array[]): Promise<'created' | 'exists'> {
    const size = bytes instanceof Uint8Array ? bytes.length : bytes.reduce((sum, part) => sum + part.length, 0);
    if (size > this.bytesLeft) throw new StoreFull(key, this.uri, new Error('ENOSPC: no space left on device'));
    this.bytesLeft -= size;
    return super.createIfAbsent(key, bytes);
  }
}

async function restoredContents(tenant: TenantRepository, root: string): Promise<Record<string, string>> {
  const target = join(temporaryFolder(), 'back');
  await tenant.restore(root, target);
  return contentsOf(target);
}

describe('a repository that is full', () => {
  const sources = () => [folderOf({ a: randomBytes(900_000) }), folderOf({ b: randomBytes(900_000), c: randomBytes(30_000_000) })] as const;

  test.each([0, 1000, 100_000, 17_000_000])(
    'says so with %i bytes left; everything before stays usable, and the backup goes on when there is space',
    async (left) => {
      const store = new SmallStore();
      const repository = await newRepository(store);
      opened.push(repository);
      const tenant = await repository.tenant('acme', { create: true });
      const [before, large] = sources();
      const first = await backUp(tenant, 'backup_1', { set: before });
      store.bytesLeft = left;
      await expect(backUp(tenant, 'backup_2', { set: large })).rejects.toMatchObject({
        code: 'store.full',
        message: expect.stringMatching(/is full.*Free space/),
      });
      expect(await tenant.decision('backup_2')).toBeUndefined();
      expect((await tenant.verify('backup_1', { level: 'full' })).ok).toBe(true);
      expect(await restoredContents(tenant, first.trees[0]!.root)).toEqual(contentsOf(before));
      store.bytesLeft = Infinity;
      const second = await backUp(tenant, 'backup_2', { set: large });
      expect(await restoredContents(tenant, second.trees[0]!.root)).toEqual(contentsOf(large));
      expect(second.trees[0]!.newBytes).toBeLessThan(left < 17_000_000 ? 31_000_000 : 17_000_000);
    },
  );

  test('can still be read by who opens it for reading', async () => {
    const store = new SmallStore();
    const [before] = sources();
    const repository = await newRepository(store);
    opened.push(repository);
    const { trees } = await backUp(await repository.tenant('acme', { create: true }), 'backup_1', { set: before });
    store.bytesLeft = 0;
    const reader = await reopened(store, 'read');
    opened.push(reader);
    expect(await restoredContents(await reader.tenant('acme'), trees[0]!.root)).toEqual(contentsOf(before));
  });
});

test('a clock that is set back a day breaks nothing: files count as racy and are read again', async () => {
  const store = new MemoryStore();
  let now = Date.now() + 10 * DAY;
  const repository = await newRepository(store, { now: () => now });
  opened.push(repository);
  const tenant = await repository.tenant('acme', { create: true });
  const root = folderOf({ a: randomBytes(70_000), b: 'small' });
  const capture = async (backupId: string, bases: string[]) => {
    const session = await tenant.session(backupId, { type: 'incremental' });
    const tree = await session.capture({ datasetId: 'set', root, files: captureFiles(root), bases });
    expect((await session.commit(manifestOf(backupId, [tree], 'incremental'))).kind).toBe('commit');
    await session.close();
    return tree;
  };
  const first = await capture('backup_2', []);
  now -= 11 * DAY;
  const second = await capture('backup_1', [first.root]);
  expect(second).toMatchObject({ takenOver: 2, newBytes: 0 });
  const racy = await capture('backup_3', []);
  expect(await capture('backup_4', [racy.root])).toMatchObject({ takenOver: 0 });
  now += 11 * DAY;
  const third = await capture('backup_5', [second.root]);
  expect(third).toMatchObject({ takenOver: 2, root: first.root });
  for (const id of ['backup_1', 'backup_2', 'backup_5']) expect((await tenant.verify(id, { level: 'full' })).ok).toBe(true);
  expect(await restoredContents(tenant, third.root)).toEqual(contentsOf(root));
});
