import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { chunkBytes, words } from '../testing/chunk-bytes.ts';
import { MemoryView } from '../testing/memory-view.ts';
import { chunkHeaderNeeds, parseChunkHeader, positionBytes, samplePositions, samplesOf } from './chunk-header.ts';
import { HEAD_BYTES, readChunkHeader } from './read-chunk-header.ts';

const texts = chunkBytes({ shapes: [1, 2], positions: [4, 0, 0, 6, 4, 2], data: new Uint8Array(16) });

test('a header says how many samples and bytes there are and where each lies', () => {
  const header = parseChunkHeader(texts);
  expect([header.version, header.headerBytes, samplesOf(header), positionBytes(header)]).toEqual(['3.9.52', texts.length - 16, 3, 16]);
  expect([...samplePositions(header)]).toEqual([
    { start: 0, end: 4 },
    { start: 4, end: 10 },
    { start: 10, end: 16 },
  ]);
});

test('without shape rows the position rows count, without either there are no samples', () => {
  expect(samplesOf(parseChunkHeader(chunkBytes({ positions: [8, 0, 9] })))).toBe(10);
  expect(samplesOf(parseChunkHeader(chunkBytes({})))).toBe(0);
  expect(positionBytes(parseChunkHeader(chunkBytes({ shapes: [1, 0] })))).toBeUndefined();
});

test.each([
  ['a start that does not add up', [4, 0, 0, 6, 5, 2], /starts at 5, expected 4/],
  ['an index that does not rise', [4, 0, 3, 6, 16, 3], /not after 3/],
])('positions with %s are refused', (_what, positions, message) => {
  expect(() => positionBytes(parseChunkHeader(chunkBytes({ positions })))).toThrow(message);
});

test('counts that reach beyond the file are refused before anything is allocated', () => {
  const huge = Uint8Array.from([3, ...Buffer.from('3.9'), ...words([0x7fffffff, 0x7fffffff])]);
  expect(() => chunkHeaderNeeds(huge, huge.length)).toThrow(Malformed);
  const negative = Uint8Array.from([3, ...Buffer.from('3.9'), ...words([0xffffffff, 2, 0])]);
  expect(() => chunkHeaderNeeds(negative, 1000)).toThrow(Malformed);
});

test('a short prefix asks for what is missing', () => {
  expect(chunkHeaderNeeds(texts, texts.length)).toBe(0);
  expect(chunkHeaderNeeds(texts.subarray(0, 20), texts.length)).toBeGreaterThan(20);
});

test('only the header of a big chunk is read, in two reads when it is longer than the first', async () => {
  const rows = 10_000;
  const positions = Array.from({ length: rows }, (_, i) => [100, i * 100, i]).flat();
  const view = new MemoryView();
  view.write('chunk', chunkBytes({ shapes: [1, rows - 1], positions, data: new Uint8Array(rows * 100) }));
  const { header } = await readChunkHeader(view, 'chunk', 0, view.files.get('chunk')!.length);
  expect(positionBytes(header)).toBe(rows * 100);
  expect(view.reads.map((r) => r.bytes)).toEqual([HEAD_BYTES, header.headerBytes + 16]);
});

test('any bytes are refused or parsed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, prefixed) => {
      const chunk = prefixed ? Uint8Array.from([3, 0x33, 0x2e, 0x39, ...bytes]) : bytes;
      try {
        if (chunkHeaderNeeds(chunk, chunk.length) === 0) samplesOf(parseChunkHeader(chunk));
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 500 },
  );
});
