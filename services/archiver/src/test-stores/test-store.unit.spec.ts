import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ObjectStore, openStore } from '@dr/storage';
import { testStore } from './test-store.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'dr-test-store-'));
const steps = ({ steps }: Awaited<ReturnType<typeof testStore>>) => steps.map((s) => `${s.step} ${s.ok}`);

/** A store in which some methods are otherwise. */
async function storeWith(changes: Partial<ObjectStore>): Promise<ObjectStore> {
  const store = await openStore(folder());
  const { uri } = store;
  const own: ObjectStore = {
    uri,
    createIfAbsent: (...given) => store.createIfAbsent(...given),
    read: (...given) => store.read(...given),
    stat: (key) => store.stat(key),
    list: (prefix) => store.list(prefix),
    delete: (key) => store.delete(key),
    close: () => store.close(),
  };
  return { ...own, ...changes };
}

test('a good store is opened, written, read, and clean afterwards', async () => {
  const at = folder();
  const result = await testStore('repository', `file://${at}`, 'one', () => openStore(at));
  expect(result).toMatchObject({ name: 'repository', uri: `file://${at}`, ok: true });
  expect(steps(result)).toEqual(['open true', 'write true', 'read true', 'delete true']);
  const left = readdirSync(at, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(left).toEqual([]);
});

test('a store that cannot be opened is told with its reason', async () => {
  const result = await testStore('repository', 's3://x', 'one', () => Promise.reject(new Error('no such bucket')));
  expect([result.ok, result.steps[0]!.error]).toEqual([false, 'no such bucket']);
  expect(steps(result)).toEqual(['open false']);
});

test('what cannot be written is not read, but is removed in case it arrived after all', async () => {
  const store = await storeWith({ createIfAbsent: () => Promise.reject(new Error('disk full')) });
  expect(steps(await testStore('x', 'x', 'one', async () => store))).toEqual(['open true', 'write false', 'delete true']);
});

test('other bytes than were written are a failure', async () => {
  const store = await storeWith({ read: async () => new Uint8Array(3) });
  const result = await testStore('x', 'x', 'one', async () => store);
  expect(steps(result)).toEqual(['open true', 'write true', 'read false', 'delete true']);
  expect(result.steps[2]!.error).toContain('other bytes');
});

test('an object that stays is a failure', async () => {
  const store = await storeWith({ delete: async () => undefined });
  expect(steps(await testStore('x', 'x', 'one', async () => store))).toEqual(['open true', 'write true', 'read true', 'delete false']);
});
