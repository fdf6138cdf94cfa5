import fc from 'fast-check';
import { NoCreateIfAbsent, StoreUnavailable } from '../errors.ts';
import { probeCreateIfAbsent } from '../probe.ts';
import { FaultyStore, flipped, MemoryStore, overwritingStore, type PlannedFault, plannedFaults, seededFaults } from './index.ts';

const bytes = Buffer.from('0123456789');

function storeWith(...faults: PlannedFault[]): { store: FaultyStore; inner: MemoryStore; plan: ReturnType<typeof plannedFaults> } {
  const plan = plannedFaults(...faults);
  const inner = new MemoryStore();
  return { store: new FaultyStore(inner, plan), inner, plan };
}

const stored = (inner: MemoryStore, key: string): string | undefined =>
  inner.objects.get(key) && Buffer.from(inner.objects.get(key)!.bytes).toString();

async function keysOf(store: FaultyStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) keys.push(...page.map((entry) => entry.key));
  return keys;
}

describe('a put that', () => {
  test('fails stores nothing', async () => {
    const { store, inner } = storeWith({ kind: 'fail', on: 'createIfAbsent' });
    await expect(store.createIfAbsent('a', bytes)).rejects.toThrow(StoreUnavailable);
    expect(inner.objects.size).toBe(0);
    expect(await store.createIfAbsent('a', bytes)).toBe('created');
  });

  test('loses its reply is stored', async () => {
    const { store, inner } = storeWith({ kind: 'lose-reply', on: 'createIfAbsent' });
    await expect(store.createIfAbsent('a', bytes)).rejects.toThrow(/planned fault 'lose-reply'/);
    expect(stored(inner, 'a')).toBe('0123456789');
    expect(await store.createIfAbsent('a', bytes)).toBe('exists');
  });

  test('is repeated finds itself', async () => {
    const { store, inner } = storeWith({ kind: 'repeat', on: 'createIfAbsent' });
    expect(await store.createIfAbsent('a', bytes)).toBe('exists');
    expect(stored(inner, 'a')).toBe('0123456789');
  });

  test('is torn leaves the first bytes and an error', async () => {
    const { store, inner } = storeWith({ kind: 'tear', on: 'createIfAbsent', where: 0.3 });
    await expect(store.createIfAbsent('a', [bytes.subarray(0, 2), bytes.subarray(2)])).rejects.toThrow(StoreUnavailable);
    expect(stored(inner, 'a')).toBe('012');
  });

  test('flips a bit says nothing, and leaves the caller alone', async () => {
    const { store, inner } = storeWith({ kind: 'flip', on: 'createIfAbsent', where: 0 });
    expect(await store.createIfAbsent('a', bytes)).toBe('created');
    expect(stored(inner, 'a')).toBe('1123456789');
    expect(bytes.toString()).toBe('0123456789');
  });

  test('is delayed comes after others', async () => {
    const { store } = storeWith({ kind: 'delay', on: 'createIfAbsent', ms: 20 });
    const late = store.createIfAbsent('a', bytes);
    expect(await store.createIfAbsent('a', Buffer.from('other'))).toBe('created');
    expect(await late).toBe('exists');
  });
});

describe('a read that', () => {
  test.each([
    ['flip', '0123456789'.replace('5', '4')],
    ['tear', '01234'],
    ['repeat', '0123456789'],
    ['delay', '0123456789'],
  ] as const)('%s gives %s once, then the truth', async (kind, expected) => {
    const { store } = storeWith({ kind, on: 'read', where: 0.5 });
    await store.createIfAbsent('a', bytes);
    expect(Buffer.from(await store.read('a')).toString()).toBe(expected);
    expect(Buffer.from(await store.read('a')).toString()).toBe('0123456789');
  });

  test.each(['fail', 'lose-reply'] as const)('%s throws', async (kind) => {
    const { store } = storeWith({ kind, on: 'read' });
    await store.createIfAbsent('a', bytes);
    await expect(store.read('a')).rejects.toThrow(StoreUnavailable);
  });
});

describe('a list that', () => {
  const fill = async (store: FaultyStore): Promise<void> => {
    for (const key of ['a', 'b', 'c', 'd']) await store.createIfAbsent(key, bytes);
  };

  test('is torn ends early without a word', async () => {
    const { store } = storeWith({ kind: 'tear', on: 'list', where: 0.5 });
    await fill(store);
    expect(await keysOf(store)).toEqual(['a', 'b']);
    expect(await keysOf(store)).toEqual(['a', 'b', 'c', 'd']);
  });

  test.each(['fail', 'lose-reply'] as const)('%s throws', async (kind) => {
    const { store } = storeWith({ kind, on: 'list' });
    await fill(store);
    await expect(keysOf(store)).rejects.toThrow(StoreUnavailable);
  });
});

describe('deletes and stats', () => {
  test('fail, or lose their reply', async () => {
    const { store, inner } = storeWith({ kind: 'fail', on: 'delete' }, { kind: 'lose-reply', on: 'delete' }, { kind: 'fail', on: 'stat' });
    await store.createIfAbsent('a', bytes);
    await expect(store.delete('a')).rejects.toThrow(StoreUnavailable);
    expect(inner.objects.size).toBe(1);
    await expect(store.delete('a')).rejects.toThrow(StoreUnavailable);
    expect(inner.objects.size).toBe(0);
    await expect(store.stat('a')).rejects.toThrow(StoreUnavailable);
    expect(await store.stat('a')).toBeUndefined();
  });
});

describe('a plan', () => {
  test('strikes the keys, the turn and as often as it says, and tells what is left', async () => {
    const { store, plan } = storeWith(
      { kind: 'fail', on: 'createIfAbsent', key: /^b/, after: 1, times: 2 },
      { kind: 'fail', on: 'delete' },
    );
    const results: string[] = [];
    for (const key of ['a', 'b1', 'b2', 'a2', 'b3', 'b4']) results.push(await store.createIfAbsent(key, bytes).catch(() => 'failed'));
    expect(results).toEqual(['created', 'created', 'failed', 'created', 'failed', 'created']);
    expect(plan.unused()).toEqual([{ kind: 'fail', on: 'delete' }]);
    expect(store.calls.filter((call) => call.fault)).toEqual([
      { operation: 'createIfAbsent', key: 'b2', fault: 'fail' },
      { operation: 'createIfAbsent', key: 'b3', fault: 'fail' },
    ]);
  });

  test('from a seed repeats exactly, and another seed gives another', async () => {
    const run = async (seed: number): Promise<string[]> => {
      const plan = seededFaults({ seed, chances: { fail: 0.3, 'lose-reply': 0.2 }, on: ['createIfAbsent'], key: /[02468]$/ });
      const store = new FaultyStore(new MemoryStore(), plan);
      for (let i = 0; i < 100; i++) await store.createIfAbsent(`k${i}`, bytes).catch(() => undefined);
      return store.calls.flatMap((call) => (call.fault ? [`${call.key} ${call.fault}`] : []));
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    expect(first.length).toBeGreaterThan(10);
    expect(first.length).toBeLessThan(45);
    expect(first.filter((line) => /[13579] /.test(line))).toEqual([]);
  });
});

test('flipped changes exactly one bit, wherever it is asked to', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (content, where) => {
        const changed = flipped(content, where);
        const bits = content.reduce((count, byte, i) => count + (byte ^ changed[i]!).toString(2).replaceAll('0', '').length, 0);
        expect(bits).toBe(1);
      },
    ),
  );
});

describe('the probe', () => {
  test('refuses a store that overwrites', async () => {
    const probe = probeCreateIfAbsent(overwritingStore(new MemoryStore()), 'sessions/x', bytes);
    await expect(probe).rejects.toThrow(NoCreateIfAbsent);
    await expect(probe).rejects.toMatchObject({
      code: 'store.no_create_if_absent',
      message: expect.stringContaining('memory://test ignores create-if-absent'),
    });
  });

  test('refuses a store that says exists and overwrites all the same', async () => {
    const inner = new MemoryStore();
    const liar = overwritingStore(inner);
    const store = {
      ...liar,
      createIfAbsent: async (key: string, content: Uint8Array) => liar.createIfAbsent(key, content).then(() => 'exists' as const),
    };
    await expect(probeCreateIfAbsent(store, 'sessions/x', bytes)).rejects.toThrow(NoCreateIfAbsent);
  });

  test('takes its own put behind a lost, then repeated, reply for its own', async () => {
    const { store } = storeWith({ kind: 'repeat', on: 'createIfAbsent' });
    expect(await probeCreateIfAbsent(store, 'sessions/x', bytes)).toEqual({ outcome: 'created', bytes });
  });

  test('passes on what the store cannot do, without a verdict', async () => {
    for (const after of [0, 1]) {
      const { store } = storeWith({ kind: 'lose-reply', on: 'createIfAbsent', after });
      await expect(probeCreateIfAbsent(store, 'sessions/x', bytes)).rejects.toThrow(StoreUnavailable);
      expect(await probeCreateIfAbsent(store, 'sessions/x', bytes)).toEqual({ outcome: 'created', bytes });
    }
  });

  test('works with an empty object', async () => {
    expect(await probeCreateIfAbsent(new MemoryStore(), 'sessions/x', Buffer.alloc(0))).toMatchObject({ outcome: 'created' });
  });
});
