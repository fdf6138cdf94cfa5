/**
 * Made the frozen records in planes: `node --conditions=dr-source freeze-planes.ts > fixtures/golden/planes.json`. Run once; what it made is never made
 * again, because every later version must read exactly these bytes.
 */
import { zstdCompressSync } from 'node:zlib';
import { sha256Hex } from '../format/hashes.ts';
import { encodePlanes, type PlaneWidth } from '../format/planes.ts';
import { encodeRecordHeader } from '../format/record.ts';
import { float32s, float64s, halfPrecision, int64s } from './numbers.ts';

const pieces: [name: string, piece: Buffer, width: PlaneWidth, mask: number][] = [
  ['float32', float32s(600), 4, 0b1000],
  ['half precision', Buffer.concat([halfPrecision(600), Buffer.from('abc')]), 4, 0b1111],
  ['float64', float64s(300), 8, 0b11000000],
  ['int64', int64s(300), 8, 0b11111111],
  ['int64 as elements of two', int64s(100), 2, 0b11],
];
const frozen = pieces.map(([name, piece, width, mask]) => {
  const transform = [2, 4, 8].indexOf(width) + 1;
  const header = encodeRecordHeader({ codec: 0, transform, length: piece.length });
  const payload = encodePlanes(piece, width, mask, (bytes) => zstdCompressSync(bytes)).parts;
  const record = Buffer.concat([header, ...payload]).toString('base64');
  return { name, transform, length: piece.length, sha256: sha256Hex(piece), record };
});
process.stdout.write(`${JSON.stringify(frozen, null, 2)}\n`);
