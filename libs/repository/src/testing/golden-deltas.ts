import type { Belonging } from '../format/seal.ts';
import type { IndexedPack, IndexRow } from '../format/segment.ts';
import { bytesOf } from './golden.ts';
import { float32s, float64s, words } from './numbers.ts';

export const GOLDEN_OWNER: Belonging = {
  repositoryId: '00112233445566778899aabbccddeeff',
  tag: 'ffeeddccbbaa99887766554433221100',
  epoch: 1,
};
export const GOLDEN_SECRET = Buffer.alloc(32, 7);

/** A piece with some rows replaced. */
export function updated(base: Buffer, rowBytes: number, rows: readonly number[]): Buffer {
  const piece = Buffer.from(base);
  for (const row of rows) bytesOf(`row ${row}`, rowBytes).copy(piece, row * rowBytes);
  return piece;
}

/** int64 with noise in their low four bytes. */
function counters(count: number): Buffer {
  const noise = bytesOf('counters', 4 * count);
  return Buffer.from(BigInt64Array.from({ length: count }, (_, i) => 7_000_000_000n + BigInt(noise.readUInt32LE(4 * i))).buffer);
}

/** Name, piece, base: planes and plain, of equal length, longer and shorter than the base, and shifted. */
export const DELTA_CASES = (): [name: string, piece: Buffer, base: Buffer][] => [
  ['float32 vectors, a row updated', updated(float32s(4000), 256, [7]), float32s(4000)],
  ['float64, a row updated', updated(float64s(2000), 128, [0, 3]), float64s(2000)],
  ['int64, not a whole number of elements', Buffer.concat([updated(counters(6000), 64, [2]), Buffer.from('abc')]), counters(6000)],
  ['text, longer than its base', Buffer.concat([words(20_000), Buffer.from('appended')]), words(20_000)],
  ['vectors, one removed', Buffer.concat([float32s(8000).subarray(0, 1024), float32s(8000).subarray(2048)]), float32s(8000)],
  ['noise, shorter than its base', updated(bytesOf('noise', 9000), 10, [1, 2]), bytesOf('noise', 9600)],
];

export const goldenPacks = (): IndexedPack[] =>
  [1, 2].map((n) => ({
    name: bytesOf(`pack ${n}`, 32).toString('hex'),
    kind: 'data',
    size: 4096 * n,
    epoch: 1,
    salt: bytesOf(`salt ${n}`, 32),
    commitment: bytesOf(`commitment ${n}`, 32),
  }));

/** Every third one a delta. */
export const goldenRows = (): IndexRow[] =>
  Array.from({ length: 9 }, (_, n) => ({
    id: bytesOf(`piece ${n}`, 32),
    pack: n % 2,
    offset: 112 + 100 * n,
    length: 100,
    record: n,
    base: n % 3 === 0 ? bytesOf(`piece ${n + 1}`, 32) : undefined,
  }));
