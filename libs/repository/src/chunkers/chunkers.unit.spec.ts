import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { PIECE_BYTES_MAX } from '../format/record.ts';
import type { Chunker } from '../types.ts';
import { cutsOf } from './chunker.ts';
import { v3HeaderEnd } from './v3-header.ts';

function cut(chunker: Chunker, size: number, headerEnd = 0): number[] {
  const next = cutsOf(chunker, size, () => headerEnd);
  const ends: number[] = [];
  for (let at = 0; at < size; at = ends.at(-1)!) ends.push(next(at));
  return ends;
}

test('every chunker cuts any file into pieces of 1 to 4 MiB that end at its size', () => {
  const chunkers: fc.Arbitrary<Chunker> = fc.oneof(
    fc.record({
      name: fc.constant('fixed' as const),
      version: fc.constant(1 as const),
      size: fc.integer({ min: 100_000, max: PIECE_BYTES_MAX }),
      from: fc.nat(30_000_000),
    }),
    fc.record({
      name: fc.constant('v3-chunk' as const),
      version: fc.constant(1 as const),
      size: fc.integer({ min: 100_000, max: PIECE_BYTES_MAX }),
    }),
    fc.array(fc.nat(20_000_000)).map((cuts) => ({ name: 'cuts' as const, version: 1 as const, cuts: cuts.sort((a, b) => a - b) })),
  );
  fc.assert(
    fc.property(chunkers, fc.integer({ min: 1, max: 20_000_000 }), fc.nat(100), (chunker, size, header) => {
      const ends = cut(chunker, size, header);
      expect(ends.at(-1)).toBe(size);
      const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
      expect(lengths.every((length) => length > 0 && length <= PIECE_BYTES_MAX)).toBe(true);
    }),
  );
});

test('fixed pieces count from the header end, cuts are where they are asked for', () => {
  expect(cut({ name: 'fixed', version: 1, size: 10, from: 3 }, 25)).toEqual([3, 13, 23, 25]);
  expect(cut({ name: 'fixed', version: 1, size: 10, from: 30 }, 25)).toEqual([10, 20, 25]);
  expect(cut({ name: 'v3-chunk', version: 1, size: 10 }, 25, 4)).toEqual([4, 14, 24, 25]);
  expect(cut({ name: 'cuts', version: 1, cuts: [0, 5, 5, 12, 99] }, 25)).toEqual([5, 12, 25]);
});

test('impossible sizes and cuts are refused', () => {
  for (const size of [0, -1, 1.5, PIECE_BYTES_MAX + 1])
    expect(() => cut({ name: 'fixed', version: 1, size, from: 0 }, 5)).toThrow(/pieces of/);
  expect(() => cut({ name: 'cuts', version: 1, cuts: [-1] }, 5)).toThrow(/cut at -1/);
});

/** DEEPLAKE.md 1.4. */
function v3Chunk(version: string, shapes: number[][], positions: number, data: Buffer): Buffer {
  const cols = shapes[0]?.length ?? 0;
  const head = Buffer.alloc(1 + version.length + 8 + shapes.length * cols * 4 + 4 + positions * 12);
  head[0] = version.length;
  head.write(version, 1, 'latin1');
  head.writeInt32LE(shapes.length, 1 + version.length);
  head.writeInt32LE(cols, 5 + version.length);
  head.writeUInt32LE(positions, 9 + version.length + shapes.length * cols * 4);
  return Buffer.concat([head, data]);
}

const headerEnd = (bytes: Buffer): number => v3HeaderEnd((position, length) => bytes.subarray(position, position + length), bytes.length);

test('the header of a v3 chunk ends where its data begins', () => {
  for (const [rows, positions] of [
    [1, 1],
    [1, 2780],
    [300, 0],
    [0, 0],
  ] as const) {
    const shapes = Array.from({ length: rows }, () => [1, 2]);
    const bytes = v3Chunk('3.9.52', shapes, positions, Buffer.alloc(5000, 1));
    expect(headerEnd(bytes)).toBe(bytes.length - 5000);
  }
});

test('an append to a text chunk, whose header grows, leaves every whole piece but the last the same', () => {
  const chunker: Chunker = { name: 'v3-chunk', version: 1, size: 1000 };
  const data = randomBytes(10_500);
  const pieces = (bytes: Buffer): string[] =>
    cut(chunker, bytes.length, headerEnd(bytes)).map((end, i, ends) => bytes.subarray(ends[i - 1] ?? 0, end).toString('hex'));
  const before = pieces(v3Chunk('3.9.52', [[1, 2]], 100, data));
  const after = pieces(v3Chunk('3.9.52', [[1, 2]], 110, Buffer.concat([data, randomBytes(300)])));
  expect(after.slice(1, 11)).toEqual(before.slice(1, 11));
});

test('other files have no such header, whatever their bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expect(headerEnd(Buffer.from(bytes))).toBeLessThanOrEqual(bytes.length)),
  );
  expect(headerEnd(Buffer.from('{"json": true}'))).toBe(0);
  expect(headerEnd(Buffer.alloc(0))).toBe(0);
  const lying = v3Chunk('3.9.52', [[1, 2]], 1, Buffer.alloc(5));
  lying.writeUInt32LE(0xffffffff, 9 + 6 + 8);
  expect(headerEnd(lying)).toBe(0);
});
