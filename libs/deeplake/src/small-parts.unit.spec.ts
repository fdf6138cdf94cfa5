import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ByteReader } from './bytes/byte-reader.ts';
import { asCount, asObject, asStrings, field } from './bytes/json-shape.ts';
import { itemBytes, summarise } from './bytes/numeric-summary.ts';
import { mapConcurrent } from './concurrency.ts';
import { Malformed } from './errors.ts';
import { FINDINGS_MAX, FindingList } from './finding-list.ts';
import { FIXTURES, removeTestFolders, testFolder } from './testing/fixtures.ts';
import { tarEntries, unpackTarGz } from './testing/untar.ts';
import { parseWalEntry } from './v4/wal.ts';

afterAll(removeTestFolders);

describe('mapConcurrent', () => {
  test('keeps the order and never runs more than the limit', async () => {
    let [running, most] = [0, 0];
    const results = await mapConcurrent([5, 1, 4, 2, 3], 2, async (n) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, n));
      running--;
      return n * 10;
    });
    expect([results, most]).toEqual([[50, 10, 40, 20, 30], 2]);
  });

  test('a failure is thrown and starts nothing more', async () => {
    const started: number[] = [];
    const work = async (n: number) => {
      started.push(n);
      await Promise.resolve();
      if (n === 2) throw new Error('two');
      return n;
    };
    await expect(mapConcurrent([1, 2, 3, 4, 5, 6, 7, 8], 2, work)).rejects.toThrow('two');
    expect(started.length).toBeLessThan(8);
  });

  test('nothing to do is nothing', async () => {
    expect(await mapConcurrent([], 4, async () => 1)).toEqual([]);
  });
});

describe('findings', () => {
  test('errors push out lesser ones when the list is full; counts go on', () => {
    const list = new FindingList('v3');
    for (let i = 0; i < FINDINGS_MAX; i++) list.add('W3', 'warning', `${i}`, '');
    list.add('C1', 'error', 'late', '');
    list.add('W3', 'warning', 'later', '');
    expect(list.findings).toHaveLength(FINDINGS_MAX);
    expect(list.findings.at(-1)).toMatchObject({ format: 'v3', code: 'C1', path: 'late' });
    expect(list.counts).toEqual({ error: 1, warning: FINDINGS_MAX + 1, info: 0 });
  });

  test('a list full of errors stays as it is', () => {
    const list = new FindingList('v4');
    for (let i = 0; i < FINDINGS_MAX + 5; i++) list.add('D1', 'error', `${i}`, '');
    expect([list.findings.length, list.findings.at(-1)?.path, list.counts.error]).toEqual([
      FINDINGS_MAX,
      `${FINDINGS_MAX - 1}`,
      FINDINGS_MAX + 5,
    ]);
  });
});

describe('ByteReader', () => {
  test('reads little-endian numbers and stops at the end', () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 0, 3, 0, 0, 0, 255, 255, 255, 255, 4, 0, 0, 0, 0, 0, 0, 0));
    expect([reader.u8(), reader.u16(), reader.u32(), reader.i32(), reader.u64(), reader.remaining]).toEqual([1, 2, 3, -1, 4n, 0]);
    expect(() => reader.u8()).toThrow(Malformed);
  });

  test('never leaves its slice of a larger buffer', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.integer({ min: -5, max: 40 }), (size, length) => {
        const reader = new ByteReader(new Uint8Array(64).subarray(10, 10 + size));
        if (length >= 0 && length <= size) expect(reader.slice(length)).toHaveLength(length);
        else expect(() => reader.slice(length)).toThrow(Malformed);
      }),
    );
  });

  test('counts above 2^53 and strange versions are refused', () => {
    expect(() => new ByteReader(new Uint8Array(8).fill(255)).count64()).toThrow(/impossible/);
    expect(() => new ByteReader(Uint8Array.of(2, 0, 1)).version()).toThrow(/version string/);
    expect(new ByteReader(Uint8Array.of(3, 0x33, 0x2e, 0x39)).version()).toBe('3.9');
  });
});

test('shapes of foreign JSON are checked by name, own keys only', () => {
  expect(() => asObject([], 'x')).toThrow('x is not an object');
  expect(() => asCount(-1, 'n')).toThrow('n is not a count');
  expect(() => asCount(2 ** 53, 'n')).toThrow(Malformed);
  expect(() => asStrings(['a', 1], 'names')).toThrow('names is not text');
  expect(field({}, 'constructor')).toBeUndefined();
});

describe('numbers', () => {
  test.each([
    ['int8', [255], -1],
    ['uint16', [1, 1], 257],
    ['int64', [254, 255, 255, 255, 255, 255, 255, 255], -2],
    ['float64', [0, 0, 0, 0, 0, 0, 0xf0, 0x3f], 1],
  ])('%s values are summed up', (dtype, bytes, value) => {
    expect(summarise(dtype, Uint8Array.from([...bytes, ...bytes]))).toEqual({ min: value, max: value, sum: 2 * value });
  });

  test('unknown types, no values and values that are not finite have no summary', () => {
    expect(summarise('str', new Uint8Array(8))).toBeUndefined();
    expect(summarise('constructor', new Uint8Array(8))).toBeUndefined();
    expect(summarise('int32', new Uint8Array(0))).toBeUndefined();
    expect(summarise('float32', new Uint8Array(new Float32Array([Number.NaN, Number.POSITIVE_INFINITY]).buffer))).toBeUndefined();
  });

  test('widths', () => {
    expect(['bool', 'float16', 'int64', 'str', undefined].map(itemBytes)).toEqual([1, 2, 8, undefined, undefined]);
  });
});

describe('insert-log entries', () => {
  const entry = (payload: number) =>
    Uint8Array.from([...Buffer.from('DWAL'), 1, 0, 1, 0, 9, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, payload, 0, 0, 0, 0, 0, 0, 0]);

  test('say writer, number and rows, and how long they are', () => {
    expect(parseWalEntry(entry(3), 35)).toEqual({ writer: 9, entry: 7, rows: 2, payloadBytes: 3 });
    expect(() => parseWalEntry(entry(3), 34)).toThrow(/34 bytes, the entry says 35/);
    expect(() => parseWalEntry(entry(3).with(0, 0), 35)).toThrow(/DWAL/);
    expect(() => parseWalEntry(entry(3).with(4, 2), 35)).toThrow(/version 2.1/);
  });
});

describe('unpacking fixtures', () => {
  test('brings every file of every archive', async () => {
    const archives = (await readdir(FIXTURES)).filter((name) => name.endsWith('.tar.gz'));
    expect(archives).toHaveLength(12);
    const folder = await testFolder();
    await unpackTarGz(await readFile(join(FIXTURES, 'lol.tar.gz')), folder);
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
    expect(files).toHaveLength(9);
  });

  test('long names and folders in front of names are put together; a way out is refused', async () => {
    const header = (name: string, type: string, size: number, prefix = '') => {
      const bytes = new Uint8Array(512);
      bytes.set(Buffer.from(name));
      bytes.set(Buffer.from(size.toString(8).padStart(11, '0')), 124);
      bytes.set(Buffer.from(type), 156);
      bytes.set(Buffer.from('ustar\0'), 257);
      bytes.set(Buffer.from(prefix), 345);
      return bytes;
    };
    const block = (text: string) => Buffer.concat([Buffer.from(text), new Uint8Array(512 - text.length)]);
    const long = 'l'.repeat(150);
    const tar = Buffer.concat([
      header('././@LongLink', 'L', 151),
      block(`${long}\0`),
      header('short', '0', 1),
      block('x'),
      header('name', '0', 0, 'folder'),
      new Uint8Array(1024),
    ]);
    expect([...tarEntries(tar)].map((e) => e.path)).toEqual([long, 'folder/name']);
    const out = gzipSync(Buffer.concat([header('../out', '0', 0), new Uint8Array(1024)]));
    await expect(unpackTarGz(out, await testFolder())).rejects.toThrow('leaves the archive');
  });
});
