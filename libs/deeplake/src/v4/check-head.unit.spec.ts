import { chunkBytes, words } from '../testing/chunk-bytes.ts';
import { sizedLz4 } from '../testing/lz4-encode.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { parseArrayHeader } from './array-header.ts';
import { checkContent } from './check-content.ts';
import { checkHead } from './check-head.ts';
import type { FileReference } from './operation.ts';

const u64 = (...values: number[]) => words(values.flatMap((v) => [v, 0]));
const array = (dynamic: number, dtype: number, struct: number, rest: number[]) =>
  Uint8Array.from([...words([3]), dynamic, dtype, struct, ...rest]);

async function head(bytes: Uint8Array, part: Partial<FileReference>, packed?: FileReference['packed']): Promise<string | undefined> {
  const view = new MemoryView();
  view.write('f', bytes);
  return checkHead(view, 'f', { path: 'f', size: bytes.length, headerBytes: 0, rows: 2, ...part, packed });
}

describe('format 2', () => {
  const format = { type: '2', compression: undefined, dtype: 'float32' };
  const statistics = { rows: 2, nulls: 0, dataBytes: 24, min: undefined, max: undefined, sum: undefined };
  const plain = array(0, 9, 0, [...u64(2, 2, 3), ...new Array<number>(24).fill(0)]);

  test('static: rows, header size and data agree', async () => {
    expect(await head(plain, { format, headerBytes: 31, statistics })).toBeUndefined();
  });

  test.each([
    ['rows', { rows: 3 }, /2 rows, the log says 3/],
    ['header size', { headerBytes: 39 }, /header of 31 bytes, the log says 39/],
    ['data bytes', { statistics: { ...statistics, dataBytes: 20 } }, /24 bytes of data, the log says 20/],
  ])('static: other %s are refused', async (_what, change, message) => {
    expect(await head(plain, { format, headerBytes: 31, statistics, ...change })).toMatch(message);
  });

  test('static: data that is no whole number of values is refused', async () => {
    expect(await head(plain.subarray(0, -1), { format, headerBytes: 31 })).toMatch(/do not hold 2 x 3 values/);
  });

  test('dynamic: rows and data bytes count', async () => {
    const dynamic = array(1, 9, 0, [...u64(2), ...new Array<number>(8).fill(0)]);
    expect(await head(dynamic, { format, headerBytes: 15, statistics: { ...statistics, dataBytes: 8 } })).toBeUndefined();
    expect(await head(dynamic, { format, rows: 1, headerBytes: 15 })).toMatch(/2 rows, the log says 1/);
    expect(await head(dynamic, { format, headerBytes: 15, statistics })).toMatch(/8 bytes of data, the log says 24/);
  });

  test('structs of nullable columns are not judged; other versions and absurd ranks are refused', async () => {
    expect(await head(array(0, 12, 0, []), { format })).toBeUndefined();
    expect(parseArrayHeader(array(1, 9, 1, []))).toEqual({ layout: 'struct' });
    expect(await head(Uint8Array.from([...words([4]), 0, 9, 0]), { format })).toMatch(/version 4/);
    expect(await head(array(0, 9, 0, u64(65)), { format })).toMatch(/65 dimensions/);
    expect(await head(array(0, 9, 0, u64(3, 1)), { format })).toMatch(/bytes needed/);
  });
});

describe('format 1', () => {
  const format = { type: '1', compression: undefined, dtype: 'int64' };
  const numbers = chunkBytes({ version: '4.7.4', shapes: [1, 1], positions: [8, 0, 1], data: new Uint8Array(16) });

  test('runs cover the rows and add up to the data', async () => {
    expect(await head(numbers, { format })).toBeUndefined();
    expect(await head(numbers, { format, rows: 3 })).toMatch(/shape runs cover 2 of 3 rows/);
    expect(await head(numbers.subarray(0, -1), { format })).toMatch(/data has 15 bytes, position runs say 16/);
    const fewer = chunkBytes({ version: '4.7.4', shapes: [1, 1], positions: [8, 0, 0], data: new Uint8Array(8) });
    expect(await head(fewer, { format })).toMatch(/position runs cover 1 of 2 rows/);
  });

  test('with lz4 the size prefix counts, and no data at all is fine', async () => {
    const lz4 = { ...format, compression: 'lz4' };
    const packed = chunkBytes({ version: '4.7.4', shapes: [1, 1], positions: [8, 0, 1], data: sizedLz4(new Uint8Array(16)) });
    expect(await head(packed, { format: lz4 })).toBeUndefined();
    const empty = chunkBytes({ version: '4.7.4', shapes: [1, 1], positions: [0, 0, 1] });
    expect(await head(empty, { format: lz4 })).toBeUndefined();
    const cut = chunkBytes({ version: '4.7.4', shapes: [1, 1], positions: [8, 0, 1], data: Uint8Array.of(16, 0) });
    expect(await head(cut, { format: lz4 })).toMatch(/no size prefix/);
  });

  test('in a packed file only its own bytes are read', async () => {
    const file = Uint8Array.from([...new Array<number>(50).fill(255), ...numbers, 255]);
    expect(await head(file, { format }, { offset: 50, length: numbers.length })).toBeUndefined();
    expect(await head(file, { format }, { offset: 49, length: numbers.length })).toBeDefined();
  });
});

test('formats without a known head are not judged', async () => {
  expect(await head(new Uint8Array(5), { format: { type: '3', compression: undefined, dtype: undefined } })).toBeUndefined();
  expect(await head(new Uint8Array(5), {})).toBeUndefined();
});

describe('statistics', () => {
  const values = new Float32Array([1e8, -1e8, 0.5, 0.25]);
  const data = new Uint8Array(values.buffer);
  const chunk = chunkBytes({ version: '4.7.4', shapes: [1, 3], positions: [4, 0, 3], data });

  async function content(min: number, max: number, sum: number, nulls = 0): Promise<string | undefined> {
    const view = new MemoryView();
    view.write('f', chunk);
    const statistics = { rows: 4, nulls, dataBytes: 16, min, max, sum };
    return checkContent(view, 'f', {
      path: 'f',
      size: chunk.length,
      headerBytes: 0,
      rows: 4,
      format: { type: '1', compression: undefined, dtype: 'float32' },
      statistics,
    });
  }

  test('fit the values; sums of floats are judged by the size of their terms', async () => {
    expect(await content(-1e8, 1e8, 0.75)).toBeUndefined();
    expect(await content(-1e8, 1e8, 8)).toBeUndefined();
  });

  test.each([
    [-1, 1e8, 0.75, /^min of the values is -100000000/],
    [-1e8, 1, 0.75, /^max of/],
    [-1e8, 1e8, 1e6, /^sum of/],
  ])('least %d, greatest %d, sum %d are refused', async (min, max, sum, message) => {
    expect(await content(min, max, sum)).toMatch(message);
  });

  test('of nullable blocks are not judged', async () => {
    expect(await content(7, 7, 7, 1)).toBeUndefined();
  });
});
