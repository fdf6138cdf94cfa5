import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { pieceNaming, sha256, sha256Hex } from '../format/hashes.ts';
import { type FinishedPack, PackWriter, packBufferBytes } from '../format/pack-writer.ts';
import { pieceCompressor } from '../format/record.ts';
import { type Belonging, keyFor, newSeal } from '../format/seal.ts';
import { RECORD_AS, type UnpackJob, type UnpackResult } from './messages.ts';
import { unpack } from './unpack.ts';

const belonging: Belonging = { repositoryId: '00112233445566778899aabbccddeeff', tag: 'ffeeddccbbaa99887766554433221100', epoch: 1 };
const secret = Buffer.alloc(32, 7);
const idKey = Buffer.alloc(32, 9);
const naming = pieceNaming(idKey);
const PIECES = [randomBytes(900), Buffer.alloc(3000, 'text '), randomBytes(40)];

function packOf(pieces: readonly Buffer[]): FinishedPack {
  const writer = new PackWriter(Buffer.alloc(packBufferBytes(1)), newSeal(belonging, 'data', secret, randomBytes(32)), {
    session: 'backup_x',
    target: 1 << 20,
  });
  const compress = pieceCompressor(1);
  for (const piece of pieces) writer.append(naming.id(sha256(piece)), piece, compress(piece), 'a path');
  return writer.finish();
}

/** A job that opens these records of a pack, from these bytes. */
function jobOf({ name, header, entries }: FinishedPack, bytes: Buffer, wanted = entries.map((_, i) => i)): UnpackJob {
  const { salt, commitment } = header;
  const key = keyFor(header, belonging, () => secret);
  const records = wanted.flatMap((i) => [0, entries[i]!.offset, entries[i]!.length, i, 0, 0, RECORD_AS.whole]);
  return {
    type: 'unpack',
    sources: [{ name, kind: 'data', key, belonging, salt, commitment, bytes, start: 0 }],
    idKey,
    whole: true,
    ids: Buffer.concat(wanted.map((i) => entries[i]!.id)),
    records: Uint32Array.from(records),
    writes: new Float64Array(0),
    files: [],
  };
}

const isWhole = ({ failed, packProblem }: UnpackResult): boolean => failed.length === 0 && packProblem === undefined;

describe('A whole pack', () => {
  const pack = packOf(PIECES);
  const good = Buffer.from(pack.bytes);

  it('that is as it was written has nothing against it', () => {
    const result = unpack(jobOf(pack, Buffer.from(good)));
    expect(isWhole(result)).toBe(true);
    expect(Buffer.from(result.inner).equals(Buffer.concat(PIECES.map(sha256)))).toBe(true);
  });

  it('does not come through with any one byte changed, wherever it stands', () => {
    const unseen: number[] = [];
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at % 8);
      if (isWhole(unpack(jobOf(pack, bytes)))) unseen.push(at);
    }
    expect(unseen).toEqual([]);
  });

  it('does not come through with a byte less or more', () => {
    for (const bytes of [good.subarray(0, -1), good.subarray(0, -4096), Buffer.concat([good, Buffer.alloc(4096)])])
      expect(isWhole(unpack(jobOf(pack, Buffer.from(bytes))))).toBe(false);
  });

  it('that is another one, whole in itself, is not taken for it', () => {
    const other = packOf(PIECES);
    expect(isWhole(unpack(jobOf(pack, Buffer.from(other.bytes))))).toBe(false);
  });

  it('is held against its name where not every record of it was opened, so that nothing in it can change unseen', () => {
    const [, second] = pack.entries;
    const bytes = Buffer.from(good);
    bytes[second!.offset + 3]! ^= 1;
    const { failed, packProblem } = unpack(jobOf(pack, bytes, [0, 2]));
    expect(failed).toEqual([]);
    expect(packProblem).toBe('its bytes do not have the SHA-256 that its name says');
    expect(isWhole(unpack(jobOf(pack, Buffer.from(good), [0, 2])))).toBe(true);
  });

  it('of which every byte is proven by seals is not hashed again; who has no key does that', () => {
    const misnamed = { ...pack, name: sha256Hex(randomBytes(8)) };
    expect(isWhole(unpack(jobOf(misnamed, Buffer.from(good))))).toBe(true);
    expect(unpack(jobOf(misnamed, Buffer.from(good), [0])).packProblem).toMatch(/SHA-256/);
  });

  it('gives the memory that it was read into back', () => {
    const bytes = Buffer.from(good);
    expect(unpack(jobOf(pack, bytes)).memory).toEqual([bytes.buffer]);
  });
});
