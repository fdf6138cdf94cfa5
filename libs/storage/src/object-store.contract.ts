import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BadObjectKey, KeyConflict, ObjectMissing, RangeOutside } from './errors.ts';
import type { ObjectEntry, ObjectStore } from './object-store.ts';
import { probeCreateIfAbsent } from './probe.ts';

/** What a backend brings to the suite. */
export interface StoreUnderTest {
  /** A store that is empty when the suite starts; called several times, each time for one more client of the same objects. */
  open: () => Promise<ObjectStore>;
  /** Location that another process can open the same objects with (`openStore(uri)`); without it the kill -9 test is left out. */
  uri?: () => string;
  /** Rounds of 50 racers (default 4). */
  rounds?: number;
}

const RACERS = 50;

/** What every adapter of ObjectStore promises. A backend's spec calls it once; each test keeps to its own prefix, so that a slow cloud bucket needs no reset. */
export function describeObjectStore(name: string, { open, uri, rounds = 4 }: StoreUnderTest): void {
  describe(`${name} keeps the contract of an object store`, () => {
    let store: ObjectStore;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(() => store.close());

    describe('create if absent', () => {
      test('stores bytes that can be read at once', async () => {
        expect(await store.createIfAbsent('put/one', text('hello'))).toBe('created');
        expect(await store.read('put/one')).toEqual(text('hello'));
      });

      test('refuses a second put of the same key and keeps the first bytes', async () => {
        await store.createIfAbsent('put/twice', text('first'));
        expect(await store.createIfAbsent('put/twice', text('second'))).toBe('exists');
        expect(await store.createIfAbsent('put/twice', text('first'))).toBe('exists');
        expect(await store.read('put/twice')).toEqual(text('first'));
      });

      test('writes several buffers one after the other, empty ones included', async () => {
        await store.createIfAbsent('put/parts', [text('ab'), text(''), text('c'), text('def')]);
        expect(await store.read('put/parts')).toEqual(text('abcdef'));
      });

      test('stores an empty object', async () => {
        expect(await store.createIfAbsent('put/empty', new Uint8Array())).toBe('created');
        expect(await store.createIfAbsent('put/no-parts', [])).toBe('created');
        expect(await store.read('put/empty')).toHaveLength(0);
        expect(await store.stat('put/no-parts')).toMatchObject({ size: 0 });
        expect(await store.createIfAbsent('put/empty', text('x'))).toBe('exists');
      });

      test('stores 16 MiB in parts and gives the same bytes back', async () => {
        const bytes = pattern(16 << 20);
        const parts = [bytes.subarray(0, 100), bytes.subarray(100, 5 << 20), bytes.subarray(5 << 20)];
        expect(await store.createIfAbsent('put/pack', parts)).toBe('created');
        expect(Buffer.compare(await store.read('put/pack'), bytes)).toBe(0);
        expect(
          Buffer.compare(await store.read('put/pack', { start: 8_000_001, end: 9_000_003 }), bytes.subarray(8_000_001, 9_000_003)),
        ).toBe(0);
      });

      test(`lets exactly one of ${RACERS} racers win, whose bytes stay`, async () => {
        const clients = await Promise.all([open(), open(), open(), open(), open()]);
        for (let round = 0; round < rounds; round++) {
          const key = `race/${round}`;
          const entries = Array.from({ length: RACERS }, (_, i) => text(`racer ${i} `.repeat(1 + i * 50)));
          const results = await Promise.all(entries.map((bytes, i) => clients[i % clients.length]!.createIfAbsent(key, bytes)));
          const winners = results.flatMap((result, i) => (result === 'created' ? [i] : []));
          expect(winners).toHaveLength(1);
          expect(await store.read(key)).toEqual(entries[winners[0]!]);
        }
        await Promise.all(clients.map((client) => client.close()));
      }, 120_000);

      test('passes its own probe, and finds its own put behind a lost reply', async () => {
        expect(await probeCreateIfAbsent(store, 'probe/one', text('ours'))).toEqual({ outcome: 'created', bytes: text('ours') });
        expect(await probeCreateIfAbsent(store, 'probe/one', text('ours'))).toEqual({ outcome: 'created', bytes: text('ours') });
        expect(await probeCreateIfAbsent(store, 'probe/one', text('mine'))).toEqual({ outcome: 'exists', bytes: text('ours') });
        expect(await store.read('probe/one')).toEqual(text('ours'));
      });

      test('never harms k when k/x is put, nor k/x when k is', async () => {
        await store.createIfAbsent('conflict/k', text('k'));
        await expectKeptOrRefused(store, 'conflict/k/x');
        await store.createIfAbsent('conflict/f/x', text('x'));
        await expectKeptOrRefused(store, 'conflict/f');
        expect(await store.read('conflict/k')).toEqual(text('k'));
        expect(await store.read('conflict/f/x')).toEqual(text('x'));
      });

      test('stops when its signal was aborted, and stores nothing', async () => {
        await expect(store.createIfAbsent('put/aborted', text('x'), AbortSignal.abort())).rejects.toThrow(/abort/i);
        expect(await store.stat('put/aborted')).toBeUndefined();
      });
    });

    describe('read', () => {
      beforeAll(() => store.createIfAbsent('read/ten', text('0123456789')));

      test.each([
        [0, 1, '0'],
        [3, 7, '3456'],
        [9, 10, '9'],
        [0, 10, '0123456789'],
      ])('gives bytes [%i, %i)', async (start, end, expected) => {
        expect(await store.read('read/ten', { start, end })).toEqual(text(expected));
      });

      test.each([
        [0, 11],
        [10, 11],
        [10, 10],
        [4, 4],
        [5, 4],
        [-1, 4],
        [20, 30],
      ])('refuses [%i, %i) of ten bytes', async (start, end) => {
        await expect(store.read('read/ten', { start, end })).rejects.toThrow(RangeOutside);
      });

      test('says that an object is missing, and which', async () => {
        await expect(store.read('read/none')).rejects.toThrow(ObjectMissing);
        await expect(store.read('read/none', { start: 0, end: 1 })).rejects.toThrow(/read\/none/);
        await expect(store.read('read/ten/below')).rejects.toThrow(ObjectMissing);
        await expect(store.read('read')).rejects.toThrow(ObjectMissing);
      });

      test('hands out buffers that the caller may change', async () => {
        (await store.read('read/ten')).fill(0);
        expect(await store.read('read/ten')).toEqual(text('0123456789'));
      });

      test('stops when its signal was aborted', async () => {
        await expect(store.read('read/ten', undefined, AbortSignal.abort())).rejects.toThrow(/abort/i);
      });
    });

    describe('stat', () => {
      test('gives size and a plausible time, or nothing', async () => {
        await store.createIfAbsent('stat/five', text('12345'));
        const found = await store.stat('stat/five');
        expect(found).toEqual({ key: 'stat/five', size: 5, modifiedAtMs: expect.any(Number) });
        expect(Math.abs(found!.modifiedAtMs - Date.now())).toBeLessThan(3_600_000);
        expect(await store.stat('stat/none')).toBeUndefined();
        expect(await store.stat('stat')).toBeUndefined();
      });
    });

    describe('list', () => {
      // '-' < '/' < '0' < '_' < 'a': a folder's objects stand after 'b-…' and before 'b0'.
      const keys = ['a', 'b-b', 'b/a', 'b/c/d', 'b/c0', 'b/z', 'b0', 'b_', 'c'].map((key) => `list/few/${key}`);
      beforeAll(() => Promise.all(keys.toReversed().map((key) => store.createIfAbsent(key, text(key)))));

      test('gives keys in byte order with their sizes', async () => {
        const found = await listed(store, 'list/few/');
        expect(found.map((entry) => entry.key)).toEqual(keys);
        expect(found.map((entry) => entry.size)).toEqual(keys.map((key) => key.length));
      });

      test('takes any text as prefix, not only folders', async () => {
        expect(await keysOf(store, 'list/few/b')).toEqual(keys.slice(1, 8));
        expect(await keysOf(store, 'list/few/b/')).toEqual(keys.slice(2, 6));
        expect(await keysOf(store, 'list/few/b/c')).toEqual(keys.slice(3, 5));
        expect(await keysOf(store, 'list/few/c')).toEqual(keys.slice(8));
        expect(await keysOf(store, 'list/fe')).toEqual(keys);
        expect(await keysOf(store, 'list/few/q')).toEqual([]);
        expect(await keysOf(store, 'nothing/here/')).toEqual([]);
      });

      test('goes on after any key, whether it exists or not', async () => {
        for (const [i, key] of keys.entries()) expect(await keysOf(store, 'list/few/', key)).toEqual(keys.slice(i + 1));
        expect(await keysOf(store, 'list/few/', 'list/few/b/b')).toEqual(keys.slice(3));
        expect(await keysOf(store, 'list/few/', 'list/few/b.')).toEqual(keys.slice(2));
        expect(await keysOf(store, 'list/few/', 'list/few/zz')).toEqual([]);
        expect(await keysOf(store, 'list/few/b/', 'a')).toEqual(keys.slice(2, 6));
      });

      test('gives more than a page in pages of at most 1,000, all of them, once', async () => {
        const many = Array.from({ length: 2_345 }, (_, i) => `list/many/${i % 3}/${String(i).padStart(5, '0')}`);
        for (let i = 0; i < many.length; i += 100)
          await Promise.all(many.slice(i, i + 100).map((key) => store.createIfAbsent(key, text('x'))));
        const pages = await pagesOf(store, 'list/many/');
        expect(pages.length).toBeGreaterThanOrEqual(3);
        expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(1_000);
        expect(Math.min(...pages.map((page) => page.length))).toBeGreaterThan(0);
        expect(pages.flat().map((entry) => entry.key)).toEqual(many.toSorted());
      }, 120_000);

      test('sees every put and delete that has returned', async () => {
        const other = await open();
        for (let i = 0; i < 20; i++) {
          await other.createIfAbsent(`list/now/${i % 4}/${i}`, text('x'));
          expect(await listed(store, 'list/now/')).toHaveLength(1);
          await store.delete(`list/now/${i % 4}/${i}`);
          expect(await listed(other, 'list/now/')).toHaveLength(0);
        }
        await other.close();
      });

      test('lists everything with the empty prefix', async () => {
        const all = await keysOf(store, '');
        expect(all).toEqual(all.toSorted());
        expect(all).toEqual(expect.arrayContaining(keys));
        expect(all.filter((key) => key.startsWith('tmp'))).toEqual([]);
      });
    });

    describe('delete', () => {
      test('removes, may be called again, and frees the key', async () => {
        await store.createIfAbsent('delete/one', text('1'));
        await store.delete('delete/one');
        await store.delete('delete/one');
        await store.delete('delete/never/was');
        expect(await store.stat('delete/one')).toBeUndefined();
        expect(await store.createIfAbsent('delete/one', text('2'))).toBe('created');
        expect(await store.read('delete/one')).toEqual(text('2'));
      });

      test('of a folder of keys removes nothing', async () => {
        await store.createIfAbsent('delete/folder/x', text('1'));
        await store.delete('delete/folder').catch(() => undefined);
        expect(await store.read('delete/folder/x')).toEqual(text('1'));
      });
    });

    describe('keys', () => {
      const bad = [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        'A',
        'a b',
        'ä',
        'a/../b',
        '..',
        '.',
        'a/./b',
        '.a',
        'a.',
        'a..b',
        'a\\b',
        'a\0b',
        'tmp/x',
        'tmp',
      ];
      test.each([...bad, 'x'.repeat(201), 'x/'.repeat(300)])('refuses %j everywhere', async (key) => {
        await expect(store.createIfAbsent(key, text('x'))).rejects.toThrow(BadObjectKey);
        await expect(store.read(key)).rejects.toThrow(BadObjectKey);
        await expect(store.stat(key)).rejects.toThrow(BadObjectKey);
        await expect(store.delete(key)).rejects.toThrow(BadObjectKey);
      });

      test.each(['repository.json', 'a/b-c_d/0', `t/${'0f'.repeat(16)}/packs/data/ab/${'0f'.repeat(32)}`, '-', '_x'])(
        'takes %s',
        async (key) => {
          expect(await store.createIfAbsent(`keys/${key}`, text(key))).toBe('created');
          expect(await store.read(`keys/${key}`)).toEqual(text(key));
        },
      );

      test.each(['../', 'A', '//', 'a//', '/'])('refuses to list %j', (prefix) => {
        expect(() => store.list(prefix)).toThrow(BadObjectKey);
      });
    });

    if (uri) describeKill9(() => store, uri);
  });
}

function describeKill9(store: () => ObjectStore, uri: () => string): void {
  test('kill -9 in the middle of a put leaves no half object, and the next put works', async () => {
    const size = 8 << 20;
    for (const [attempt, delayMs] of [0, 3, 7, 12].entries()) {
      const prefix = `kill/${attempt}`;
      await putUntilKilled(uri(), prefix, size, delayMs);
      const found = await listed(store(), `${prefix}/`);
      expect(found.length).toBeGreaterThan(1);
      expect(new Set(found.map((entry) => entry.size))).toEqual(new Set([size]));
      for (const [n, { key }] of found.slice(-2).entries()) {
        const byte = (found.length - Math.min(2, found.length) + n) % 251;
        expect(Buffer.compare(await store().read(key), Buffer.alloc(size, byte))).toBe(0);
      }
      const next = `${prefix}/${String(found.length).padStart(6, '0')}`;
      expect(await store().createIfAbsent(next, text('next'))).toBe('created');
      expect(await store().read(next)).toEqual(text('next'));
    }
  }, 120_000);
}

/** Lets a child process put objects, and kills it without warning some time after its second one. */
async function putUntilKilled(uri: string, prefix: string, bytes: number, delayMs: number): Promise<void> {
  const script = fileURLToPath(new URL('./testing/put-in-a-loop.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=dr-source', '--disable-warning=ExperimentalWarning', script, uri, prefix, String(bytes)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  );
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    if (printed.split('\n').length > 2) break;
  }
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Either the store takes both keys, or it refuses the second; nothing in between. */
async function expectKeptOrRefused(store: ObjectStore, key: string): Promise<void> {
  const outcome = await store.createIfAbsent(key, text('late')).catch((error) => error);
  if (outcome === 'created') expect(await store.read(key)).toEqual(text('late'));
  else expect(outcome).toBeInstanceOf(KeyConflict);
}

async function listed(store: ObjectStore, prefix: string, after?: string): Promise<ObjectEntry[]> {
  return (await pagesOf(store, prefix, after)).flat();
}

async function pagesOf(store: ObjectStore, prefix: string, after?: string): Promise<ObjectEntry[][]> {
  const pages: ObjectEntry[][] = [];
  for await (const page of store.list(prefix, after)) pages.push(page);
  return pages;
}

async function keysOf(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  return (await listed(store, prefix, after)).map((entry) => entry.key);
}

function text(content: string): Buffer {
  return Buffer.from(content);
}

function pattern(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);
  return bytes;
}
