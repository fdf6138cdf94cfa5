import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { float32s, float64s, halfPrecision, int64s, words } from '../testing/numbers.ts';
import { sha256Hex } from './hashes.ts';
import { joined } from './payload.ts';
import { decodePlanes, encodePlanes, PLANE_WIDTHS, splitPlanes } from './planes.ts';
import { decodeRecord, encodeRecordHeader, pieceCompressor } from './record.ts';

const compress = (bytes: Uint8Array): Buffer => zstdCompressSync(bytes);
const decompress = (bytes: Uint8Array, length: number): Uint8Array => zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, length) });
const bytes = fc.uint8Array({ maxLength: 300 });
const width = fc.constantFrom(...PLANE_WIDTHS);

describe('planes', () => {
  test('hold the n-th bytes of all elements', () => {
    const piece = Buffer.from([0x00, 0x01, 0x02, 0x03, 0x10, 0x11, 0x12, 0x13, 0x20]);
    expect(splitPlanes(piece, 4).map((plane) => [...plane])).toEqual([
      [0x00, 0x10],
      [0x01, 0x11],
      [0x02, 0x12],
      [0x03, 0x13],
    ]);
    expect(splitPlanes(piece, 2).map((plane) => [...plane])).toEqual([
      [0x00, 0x02, 0x10, 0x12],
      [0x01, 0x03, 0x11, 0x13],
    ]);
    expect(splitPlanes(piece, 8).map((plane) => [...plane])).toEqual([...piece.subarray(0, 8)].map((byte) => [byte]));
  });

  test('any bytes come back, whatever is compressed, from any address', () => {
    fc.assert(
      fc.property(bytes, width, fc.nat(255), fc.nat(3), (piece, by, mask, shift) => {
        const at = new Uint8Array(shift + piece.length);
        at.set(piece, shift);
        const payload = joined(encodePlanes(at.subarray(shift), by, mask & ((1 << by) - 1), compress).parts);
        expect(Buffer.compare(decodePlanes(payload, piece.length, by, decompress), piece)).toBe(0);
      }),
    );
  });

  test('a payload that is cut, goes on, or has another length than the piece is refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), width, fc.nat(255), fc.nat(), (piece, by, mask, n) => {
        const payload = joined(encodePlanes(piece, by, mask & ((1 << by) - 1), compress).parts);
        expect(() => decodePlanes(payload.subarray(0, n % payload.length), piece.length, by, decompress)).toThrow();
        expect(() => decodePlanes(Buffer.concat([payload, Buffer.of(0)]), piece.length, by, decompress)).toThrow();
        expect(() => decodePlanes(payload, piece.length + by, by, decompress)).toThrow();
      }),
    );
  });

  test('a mask with planes that there are not is refused', () => {
    const payload = joined(encodePlanes(Buffer.alloc(64, 1), 4, 0, compress).parts);
    payload[0] = 0x10;
    expect(() => decodePlanes(payload, 64, 4, decompress)).toThrow(/more of them/);
  });
});

interface Golden {
  readonly name: string;
  readonly transform: number;
  readonly length: number;
  readonly sha256: string;
  /** Base64 of header and payload. */
  readonly record: string;
}

test('records in planes that were written once are read for ever', () => {
  const golden = JSON.parse(readFileSync(new URL('../../fixtures/golden/planes.json', import.meta.url), 'utf8')) as Golden[];
  expect(golden.map(({ transform }) => transform).sort()).toEqual([1, 2, 2, 3, 3]);
  for (const { record, sha256, length } of golden) {
    const piece = decodeRecord(Buffer.from(record, 'base64'));
    expect([piece.length, sha256Hex(piece)]).toEqual([length, sha256]);
  }
});

describe('a piece', () => {
  const encoded = (piece: Uint8Array) => pieceCompressor(1)(piece);
  const shareOf = (piece: Buffer): number => encoded(piece).payload.length / piece.length;
  const back = (piece: Uint8Array): Uint8Array => {
    const { header, payload } = encoded(piece);
    return decodeRecord(Buffer.concat([encodeRecordHeader(header), ...payload.parts]));
  };

  test.each([
    ['float32 vectors', float32s(100_000), 2, 0.845],
    ['float32 that holds half precision', halfPrecision(100_000), 2, 0.45],
    ['float64', float64s(50_000), 3, 0.945],
    ['int64 ids', int64s(50_000), 3, 0.02],
  ])('of %s is stored in planes', (_, piece, transform, share) => {
    expect(encoded(piece).header).toMatchObject({ codec: 0, transform, length: piece.length });
    expect(shareOf(piece)).toBeLessThan(share);
    expect(Buffer.compare(back(piece), piece)).toBe(0);
  });

  test.each([
    ['text', words(400_000)],
    ['noise', randomBytes(400_000)],
    ['zeros', Buffer.alloc(400_000)],
    ['a few bytes', float32s(100)],
    ['JSON with numbers', Buffer.from(JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ id: i, value: i * 7 }))))],
  ])('of %s is not', (_, piece) => {
    expect(encoded(piece).header.transform).toBe(0);
    expect(Buffer.compare(back(piece), piece)).toBe(0);
  });

  test('behind a header that shifts its elements is stored as well', () => {
    const piece = Buffer.concat([Buffer.from('header of 17 byte'), float32s(100_000)]);
    expect(encoded(piece).header.transform).toBe(2);
    expect(shareOf(piece)).toBeLessThan(0.845);
    expect(Buffer.compare(back(piece), piece)).toBe(0);
  });

  test('of another kind than the one before it is looked at anew', () => {
    const compressor = pieceCompressor(1);
    const transforms = [float32s(9000), words(40_000), halfPrecision(9000), int64s(5000), randomBytes(40_000), float32s(9000)].map(
      (piece) => compressor(piece).header.transform,
    );
    expect(transforms).toEqual([2, 0, 2, 3, 0, 2]);
  });

  test('of whatever mixture comes back', () => {
    const part = fc.constantFrom(float32s(3000), halfPrecision(3000), int64s(2000), words(9000), Buffer.alloc(5000));
    const mixture = fc.tuple(fc.array(part, { maxLength: 4 }), bytes).map(([parts, rest]) => Buffer.concat([...parts, rest]));
    fc.assert(
      fc.property(mixture, (piece) => {
        expect(Buffer.compare(back(piece), piece)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('in planes that lost or gained a byte, or has one changed in its structure, is refused or is another piece; nothing else happens', () => {
    const { header, payload } = encoded(float32s(1000));
    const whole = Buffer.concat([encodeRecordHeader(header), ...payload.parts]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= flip;
        try {
          expect(Buffer.compare(decodeRecord(changed), float32s(1000))).not.toBe(0);
        } catch (error) {
          expect((error as { code: string }).code).toBe('repository.malformed');
        }
      }),
      { numRuns: 300 },
    );
  });
});
