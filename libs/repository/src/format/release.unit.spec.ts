import { describe, expect, it } from '@jest/globals';
import { obtain, release } from './release.ts';

const KiB = 1024;

describe('Memory of large temporaries', () => {
  it('has the length that was asked for, whatever serves it', () => {
    for (const length of [0, 1, 100, 128 * KiB - 1, 128 * KiB, 1000 * KiB + 3]) expect(obtain(length).length).toBe(length);
  });

  it('is used again, and whoever still holds what was released sees nothing of it', () => {
    const first = obtain(700 * KiB).fill(1);
    const view = first.subarray(10, 20);
    release(first);
    expect([first.length, view.length]).toEqual([0, 0]);
    const second = obtain(600 * KiB);
    expect(second[0]).toBe(1);
    second.fill(2);
    expect(view.length).toBe(0);
  });

  it('is not lent twice', () => {
    release(obtain(900 * KiB));
    const [one, other] = [obtain(800 * KiB), obtain(800 * KiB)];
    one.fill(1);
    other.fill(2);
    expect([one[0], one.at(-1), other[0], other.at(-1)]).toEqual([1, 1, 2, 2]);
  });

  it('is not taken for what is much smaller', () => {
    release(obtain(4096 * KiB));
    expect(obtain(200 * KiB).buffer.byteLength).toBeLessThan(512 * KiB);
  });

  it('is kept only if it was obtained here: what others made would take its place', () => {
    const other = Buffer.allocUnsafeSlow(333 * KiB).fill(9);
    const { byteLength } = other.buffer;
    release(other);
    expect([other.length, byteLength]).toEqual([0, 333 * KiB]);
    expect(obtain(333 * KiB).buffer.byteLength).not.toBe(333 * KiB);
  });

  it('is kept up to a limit; small memory, and memory that others share, is left alone', () => {
    const many = Array.from({ length: 20 }, () => obtain(2048 * KiB));
    for (const one of many) release(one);
    expect(many.every((one) => one.length === 0)).toBe(true);
    const small = Buffer.from('a piece');
    const shared = new Uint8Array(new SharedArrayBuffer(256 * KiB));
    release(small);
    release(shared);
    expect([small.toString(), shared.length]).toEqual(['a piece', 256 * KiB]);
  });
});
