/**
 * Made the frozen deltas: `node --conditions=dr-source freeze-deltas.ts > fixtures/golden/deltas.json`. Run once; what it made is never made again, because
 * every later version must read exactly these bytes.
 */
import { createHmac } from 'node:crypto';
import { deltaCompressor } from '../format/delta.ts';
import { sha256, sha256Hex } from '../format/hashes.ts';
import { encodeRecordHeader, pieceCompressor } from '../format/record.ts';
import { newSeal } from '../format/seal.ts';
import { encodeSegment, packRows } from '../format/segment.ts';
import { DELTA_CASES, GOLDEN_OWNER, GOLDEN_SECRET, goldenPacks, goldenRows } from './golden-deltas.ts';

const idOf = (piece: Uint8Array): Buffer => createHmac('sha256', GOLDEN_SECRET).update(sha256(piece)).digest();
const records = DELTA_CASES().map(([name, piece, base]) => {
  const record = deltaCompressor(1)(piece, { id: idOf(base), bytes: base }, pieceCompressor(1)(piece));
  const bytes = Buffer.concat([encodeRecordHeader(record.header), ...record.payload.parts]);
  return {
    name,
    codec: record.header.codec,
    transform: record.header.transform,
    base: Buffer.from(record.header.base!).toString('hex'),
    sha256: sha256Hex(piece),
    record: bytes.toString('base64'),
  };
});
const seal = newSeal(GOLDEN_OWNER, 'index', GOLDEN_SECRET, Buffer.alloc(32, 5));
const segment = encodeSegment({ session: 'backup_20261127_000000_00000001', packs: goldenPacks(), ...packRows(goldenRows()) }, seal);
process.stdout.write(`${JSON.stringify({ records, segment: segment.toString('base64') }, null, 2)}\n`);
