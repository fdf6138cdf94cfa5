import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { encodeLz4, type Lz4Step, sizedLz4 } from '../testing/lz4-encode.ts';
import { decodeLz4Block, decodeSizedLz4 } from './lz4-block.ts';

const bytes = (max: number) => fc.uint8Array({ maxLength: max });
const draft = fc.record({ literals: bytes(300), reach: fc.nat(70_000), length: fc.integer({ min: 4, max: 700 }) });

/** Any valid block: matches reach back no further than there is output. */
const anyBlock = fc.tuple(fc.array(draft, { maxLength: 12 }), bytes(40)).map(([drafts, tail]) => {
  const steps: Lz4Step[] = [];
  let size = 0;
  for (const { literals, reach, length } of drafts) {
    size += literals.length;
    if (size === 0) continue;
    steps.push({ literals, distance: 1 + (reach % Math.min(size, 65_535)), length });
    size += length;
  }
  return encodeLz4([...steps, { literals: tail }]);
});

/** Hostile input may be refused or decoded to exactly the stated size, nothing else. */
function refusedOrExact(block: Uint8Array, size: number): void {
  try {
    expect(decodeLz4Block(block, size)).toHaveLength(size);
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
  }
}

test('every block decodes to what its steps say', () => {
  fc.assert(
    fc.property(anyBlock, ({ block, content }) => {
      expect(Buffer.compare(decodeLz4Block(block, content.length), content)).toBe(0);
    }),
    { numRuns: 300 },
  );
});

test('a block is refused with every other size', () => {
  fc.assert(
    fc.property(anyBlock, fc.integer({ min: -5, max: 5 }), ({ block, content }, off) => {
      fc.pre(off !== 0 && content.length + off >= 0);
      expect(() => decodeLz4Block(block, content.length + off)).toThrow(Malformed);
    }),
  );
});

test('a cut block is refused, or is a whole block that is too short', () => {
  fc.assert(
    fc.property(anyBlock, fc.nat(), ({ block, content }, at) => {
      fc.pre(content.length > 0);
      expect(() => decodeLz4Block(block.subarray(0, at % block.length), content.length)).toThrow(Malformed);
    }),
  );
});

test('a flipped bit never reads or writes out of bounds', () => {
  fc.assert(
    fc.property(anyBlock, fc.nat(), ({ block, content }, bit) => {
      const damaged = block.slice();
      damaged[(bit >>> 3) % damaged.length]! ^= 1 << (bit & 7);
      refusedOrExact(damaged, content.length);
    }),
    { numRuns: 500 },
  );
});

test('random bytes never crash', () => {
  fc.assert(fc.property(bytes(200), fc.nat(5000), refusedOrExact), { numRuns: 500 });
});

test('a claim beyond what LZ4 can hold is refused before memory is taken', () => {
  expect(() => decodeLz4Block(new Uint8Array(10), 0xffff_ffff)).toThrow(/cannot hold/);
});

test.each([
  ['nothing at all', []],
  ['an offset of zero', [0x10, 65, 0, 0, 0]],
  ['a match before the beginning', [0x10, 65, 2, 0, 0]],
  ['an end after a match', [0x10, 65, 1, 0]],
  ['a length that never ends', [0xf0, 255, 255]],
])('%s is refused', (_what, block) => {
  expect(() => decodeLz4Block(Uint8Array.from(block), 5)).toThrow(Malformed);
});

test('overlapping matches repeat what was just written', () => {
  const { block, content } = encodeLz4([{ literals: Uint8Array.of(1, 2), distance: 2, length: 9 }, { literals: Uint8Array.of(7) }]);
  expect([...decodeLz4Block(block, content.length)]).toEqual([1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 7]);
});

test('a sized block states its length; no bytes are no data; a cut prefix is refused', () => {
  expect([...decodeSizedLz4(sizedLz4(Uint8Array.of(1, 2, 3)))]).toEqual([1, 2, 3]);
  expect(decodeSizedLz4(new Uint8Array(0))).toHaveLength(0);
  expect(() => decodeSizedLz4(Uint8Array.of(1, 0, 0))).toThrow(/size prefix/);
});
