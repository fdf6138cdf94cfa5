import { MemoryStore, PowerCut, PowerCutStore, seeded } from './index.ts';

const bytes = Buffer.from('0123456789');
const keys = Array.from({ length: 8 }, (_, i) => `object-${i}`);

function cutAt(atWrite: number, seed = 1) {
  const inner = new MemoryStore();
  return { inner, store: new PowerCutStore(inner, { atWrite, random: seeded(seed), tearable: /^object-/ }) };
}

/** Writes all at once; @returns those that were answered. */
async function writeAll(store: PowerCutStore): Promise<string[]> {
  const outcomes = await Promise.allSettled(keys.map((key) => store.createIfAbsent(key, bytes)));
  return keys.filter((_, i) => outcomes[i]!.status === 'fulfilled');
}

test('without a cut everything is stored, in another order than it was sent, and some of it twice', async () => {
  const { inner, store } = cutAt(Number.POSITIVE_INFINITY);
  expect(await writeAll(store)).toEqual(keys);
  const stored = [...inner.objects.keys()];
  expect(stored.toSorted()).toEqual(keys);
  expect(stored).not.toEqual(keys);
  const more = await Promise.all(Array.from({ length: 200 }, (_, i) => store.createIfAbsent(`more-${i}`, bytes)));
  expect(new Set(more)).toEqual(new Set(['created', 'exists']));
});

test('from the cut on nothing is answered, and whatever was answered is whole', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { inner, store } = cutAt(10, seed);
    await store.createIfAbsent('first', bytes);
    await store.createIfAbsent('second', bytes);
    const answered = await writeAll(store);
    await store.close();
    for (const key of ['first', 'second', ...answered]) expect(Buffer.from(inner.objects.get(key)!.bytes)).toEqual(bytes);
    for (const use of [() => store.createIfAbsent('late', bytes), () => store.read('first'), () => store.stat('first')])
      await expect(use()).rejects.toThrow(PowerCut);
  }
});

test('what was under way is lost, done, torn or comes later', async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const { inner, store } = cutAt(8, seed);
    await writeAll(store);
    await store.close();
    const next = new PowerCutStore(inner, { random: seeded(seed), tearable: /^$/, late: store.late });
    const fate = (key: string): string => {
      const found = inner.objects.get(key);
      return !found ? 'absent' : found.bytes.length < bytes.length ? 'torn' : 'done';
    };
    const before = keys.map(fate);
    for (let i = 0; next.late.length > 0; i++) await next.stat(keys[i % 8]!);
    for (const [i, key] of keys.entries()) seen.add(before[i] === fate(key) ? before[i]! : 'late');
  }
  expect([...seen].sort()).toEqual(['absent', 'done', 'late', 'torn']);
});
