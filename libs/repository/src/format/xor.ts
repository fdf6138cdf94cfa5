import { obtain } from './release.ts';

/** Each byte of `piece` XOR the byte of `base` at the same place; where the base has ended, the byte itself. In memory of its own. */
export function xorOf(piece: Uint8Array, base: Uint8Array): Buffer {
  const result = obtain(piece.length);
  result.set(piece);
  xorInto(result, base);
  return result;
}

/** The same in place: what makes a delta also undoes it. */
export function xorInto(target: Uint8Array, base: Uint8Array): void {
  const length = Math.min(target.length, base.length);
  const words = target.byteOffset % 4 === 0 ? Math.floor(length / 4) : 0;
  const from = base.byteOffset % 4 === 0 || words === 0 ? base : new Uint8Array(base);
  const [a, b] = [
    new Uint32Array(target.buffer, words && target.byteOffset, words),
    new Uint32Array(from.buffer, words && from.byteOffset, words),
  ];
  for (let i = 0; i < words; i++) a[i]! ^= b[i]!;
  for (let i = 4 * words; i < length; i++) target[i]! ^= from[i]!;
}
