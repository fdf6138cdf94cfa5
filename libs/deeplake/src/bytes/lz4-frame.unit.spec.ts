import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { encodeLz4 } from '../testing/lz4-encode.ts';
import { decodeLz4Frame, isLz4Frame } from './lz4-frame.ts';

const MAGIC = [0x04, 0x22, 0x4d, 0x18];

function word(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

/** A frame of two blocks, the second raw or reaching back into the first. */
function frame(second: { raw?: number[]; block?: Uint8Array }, contentSize?: number): Uint8Array {
  const first = encodeLz4([{ literals: Uint8Array.of(1, 2, 3, 4, 5) }]).block;
  const flags = 0x40 | (contentSize === undefined ? 0 : 8);
  const size = contentSize === undefined ? [] : [...word(contentSize), 0, 0, 0, 0];
  const tail = second.raw
    ? [...word((second.raw.length | 0x80000000) >>> 0), ...second.raw]
    : [...word(second.block!.length), ...second.block!];
  return Uint8Array.from([...MAGIC, flags, 0x40, ...size, 0, ...word(first.length), ...first, ...tail, ...word(0)]);
}

test('raw blocks, and blocks that reach back into the one before', () => {
  expect([...decodeLz4Frame(frame({ raw: [9, 8] }, 7))]).toEqual([1, 2, 3, 4, 5, 9, 8]);
  const linked = Uint8Array.of(0x10, 6, 3, 0, 0x10, 7);
  expect([...decodeLz4Frame(frame({ block: linked }))]).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6, 4, 7]);
});

test('a wrong content size, an unknown version and a cut frame are refused', () => {
  expect(() => decodeLz4Frame(frame({ raw: [9] }, 99))).toThrow(/99 stated/);
  expect(() => decodeLz4Frame(Uint8Array.from([...MAGIC, 0x80, 0x40, 0]))).toThrow(/unknown version/);
  expect(() => decodeLz4Frame(frame({ raw: [9] }).subarray(0, 14))).toThrow(Malformed);
});

test('a block that grows beyond the stated block size is refused', () => {
  const { block } = encodeLz4([{ literals: Uint8Array.of(1), distance: 1, length: 70_000 }, { literals: new Uint8Array(0) }]);
  expect(() => decodeLz4Frame(frame({ block }))).toThrow(/more bytes than stated/);
});

test('only frames begin with the magic', () => {
  expect(isLz4Frame(frame({ raw: [] }))).toBe(true);
  expect(isLz4Frame(Uint8Array.of(4, 0x22))).toBe(false);
});

test('damaged frames are refused or decoded, never anything else', () => {
  const whole = frame({ raw: [1, 2, 3] }, 8);
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = whole.slice();
      damaged[at]! ^= change;
      try {
        decodeLz4Frame(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 300 },
  );
});
