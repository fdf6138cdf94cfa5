import { MemoryStore } from '@dr/storage/faults';
import type { Repository } from '../api.ts';
import { folderOf, removeFolders } from '../testing/folders.ts';
import { backUp, newRepository, reopened } from '../testing/opened.ts';

let store: MemoryStore;
let repository: Repository;
beforeEach(async () => {
  store = new MemoryStore();
  repository = await newRepository(store);
});
afterEach(() => repository.close());
afterAll(removeFolders);

const none = (error: unknown): never => {
  throw error;
};

test.each(['acme', undefined])('words of %j come back, the newest of each, and nobody reads them without the key', async (tenant) => {
  const words = await repository.words(tenant);
  expect(await words.put({ id: 'backup_1', n: 1, value: { description: 'before the upgrade' } })).toBe('created');
  expect(await words.put({ id: 'backup_1', n: 1, value: { description: 'another' } })).toBe('exists');
  await words.put({ id: 'backup_1', n: 2, value: { description: 'after the upgrade' } });
  await words.put({ id: 'backup_10', n: 1, value: { metadata: { ticket: 7 } } });
  const again = await reopened(store, 'read');
  expect(await (await again.words(tenant)).all(none)).toEqual([
    { id: 'backup_1', n: 2, value: { description: 'after the upgrade' } },
    { id: 'backup_10', n: 1, value: { metadata: { ticket: 7 } } },
  ]);
  await again.close();
  for (const { bytes } of store.objects.values()) expect(Buffer.from(bytes).includes('the upgrade')).toBe(false);
});

test('one tenant’s are not another’s, and damage in one hides no other', async () => {
  const words = await repository.words('acme');
  await words.put({ id: 'a', n: 1, value: { description: 'a' } });
  await words.put({ id: 'b', n: 1, value: { description: 'b' } });
  expect(await (await repository.words('beta')).all(none)).toEqual([]);
  expect(await (await repository.words(undefined)).all(none)).toEqual([]);
  const key = [...store.objects.keys()].find((name) => name.endsWith('words/a-1'))!;
  store.objects.set(key, { bytes: Buffer.from(store.objects.get(key)!.bytes).fill(1, 120, 121), modifiedAtMs: 0 });
  const damaged: string[] = [];
  expect((await words.all((error) => damaged.push(error.object))).map(({ id }) => id)).toEqual(['b']);
  expect(damaged).toEqual([key]);
});

test('a verification opens them, and takes damage in them for damage', async () => {
  await (await repository.words('acme')).put({ id: 'a', n: 1, value: { description: 'a' } });
  const tenant = await repository.tenant('acme');
  const root = folderOf({ 'a.bin': Buffer.alloc(5_000, 'a') });
  await backUp(tenant, 'backup_1', { set: root });
  expect((await tenant.verify('backup_1', { level: 'full' })).findings).toEqual([]);
  const key = [...store.objects.keys()].find((name) => name.endsWith('words/a-1'))!;
  store.objects.set(key, { bytes: Buffer.from(store.objects.get(key)!.bytes).fill(1, 120, 121), modifiedAtMs: 0 });
  expect((await tenant.verify('backup_1', { level: 'full' })).findings).toMatchObject([{ object: key, kind: 'damaged' }]);
});
