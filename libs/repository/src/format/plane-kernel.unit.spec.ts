import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { joined } from './payload.ts';
import { BLOCK_BYTES, planeKernel } from './plane-kernel.ts';
import { decodePlanes, encodePlanes, PLANE_WIDTHS, splitPlanes } from './planes.ts';

const copy = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const raw = () => {
  throw new Error('nothing is compressed here');
};

/** What the planes are, byte by byte. */
function planesOf(piece: Uint8Array, width: number): Buffer[] {
  const elements = Math.floor(piece.length / width);
  return Array.from({ length: width }, (_, p) => Buffer.from(Array.from({ length: elements }, (_, i) => piece[i * width + p]!)));
}

describe('The kernel of byte planes', () => {
  it.each(PLANE_WIDTHS)('splits a block of elements of %i bytes as a loop over its bytes does, and joins it again', (width) => {
    const kernel = planeKernel();
    const block = Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, i) => (i * 2654435761) >>> 13));
    kernel.piece.set(block);
    kernel.split(width, BLOCK_BYTES / width / 16);
    expect(Buffer.from(kernel.planes).equals(Buffer.concat(planesOf(block, width)))).toBe(true);
    kernel.piece.fill(0);
    kernel.join(width, BLOCK_BYTES / width / 16);
    expect(Buffer.from(kernel.piece).equals(block)).toBe(true);
  });

  it('works on no more than the groups it is told', () => {
    const kernel = planeKernel();
    kernel.piece.fill(1);
    kernel.planes.fill(7);
    kernel.split(4, 1);
    const stride = BLOCK_BYTES / 4;
    for (let p = 0; p < 4; p++) {
      expect([...kernel.planes.subarray(p * stride, p * stride + 16)]).toEqual(new Array(16).fill(1));
      expect(kernel.planes[p * stride + 16]).toBe(7);
    }
  });

  it('is asked for whole groups only; what is left over of any length and place comes back too', () => {
    const pieces = fc.uint8Array({ minLength: 0, maxLength: 400 });
    fc.assert(
      fc.property(pieces, fc.constantFrom(...PLANE_WIDTHS), fc.nat(7), (bytes, width, shift) => {
        const piece = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
        expect(splitPlanes(piece, width).map(copy)).toEqual(planesOf(piece, width));
        expect(copy(decodePlanes(joined(encodePlanes(piece, width, 0, copy).parts), piece.length, width, raw))).toEqual(copy(piece));
      }),
    );
  });

  it.each([BLOCK_BYTES - 8, BLOCK_BYTES, BLOCK_BYTES + 8, 3 * BLOCK_BYTES + 40])(
    'goes over pieces of %i bytes block by block',
    (length) => {
      const piece = Buffer.from(Array.from({ length }, (_, i) => (i * 40503) >>> 7));
      for (const width of PLANE_WIDTHS) {
        expect(Buffer.concat(splitPlanes(piece, width)).equals(Buffer.concat(planesOf(piece, width)))).toBe(true);
        expect(copy(decodePlanes(joined(encodePlanes(piece, width, 0, copy).parts), length, width, raw)).equals(piece)).toBe(true);
      }
    },
  );
});
