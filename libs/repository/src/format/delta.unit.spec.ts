import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { PieceIndex } from '../index/piece-index.ts';
import { DELTA_CASES, GOLDEN_OWNER, GOLDEN_SECRET, goldenPacks, goldenRows, updated } from '../testing/golden-deltas.ts';
import { float32s, halfPrecision, words } from '../testing/numbers.ts';
import { DELTA_FROM_BYTES, deltaCompressor } from './delta.ts';
import { pieceNaming, sha256, sha256Hex } from './hashes.ts';
import { recordOpener } from './pack-reader.ts';
import { PackWriter, packBufferBytes } from './pack-writer.ts';
import { Payload } from './payload.ts';
import { decodeRecord, encodeRecordHeader, pieceCompressor } from './record.ts';
import { newSeal } from './seal.ts';
import { decodeSegment } from './segment.ts';
import { xorInto, xorOf } from './xor.ts';

const id = Buffer.alloc(32, 3);
const full = (piece: Uint8Array) => pieceCompressor(1)(piece);
const encoded = (piece: Uint8Array, base: Uint8Array) => deltaCompressor(1)(piece, { id, bytes: base }, full(piece));
const plain = (piece: Uint8Array, base: Uint8Array): Buffer => {
  const { header, payload } = encoded(piece, base);
  return Buffer.concat([encodeRecordHeader(header), ...payload.parts]);
};
const baseOf = (base: Uint8Array) => () => base;

describe('XOR', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });

  test('done twice gives any bytes back, whatever the lengths and addresses', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(5), fc.nat(5), (piece, base, a, b) => {
        const at = (content: Uint8Array, shift: number): Uint8Array => {
          const memory = new Uint8Array(shift + content.length);
          memory.set(content, shift);
          return memory.subarray(shift);
        };
        const difference = xorOf(at(piece, a), at(base, b));
        const expected = [...piece].map((byte, i) => byte ^ (base[i] ?? 0));
        expect([...difference]).toEqual(expected);
        const back = at(difference, b);
        xorInto(back, at(base, a));
        expect([...back]).toEqual([...piece]);
      }),
    );
  });
});

describe('a delta', () => {
  test.each(DELTA_CASES())('of %s takes less than half and comes back with its base', (_, piece, base) => {
    const { header, payload } = encoded(piece, base);
    expect(header).toMatchObject({ length: piece.length, base: id });
    expect(payload.length + 32).toBeLessThan(full(piece).payload.length / 2);
    expect(Buffer.compare(decodeRecord(plain(piece, base), baseOf(base)), piece)).toBe(0);
  });

  test('of vectors is in planes as they are', () => {
    const base = float32s(250_000);
    const piece = updated(base, 6144, [3, 80]);
    expect(encoded(piece, base).header).toMatchObject({ codec: 0, transform: 0x42 });
    expect(encoded(piece, base).payload.length).toBeLessThan(2 * 6144 * 1.02);
    const half = halfPrecision(100_000);
    expect(encoded(updated(half, 2048, [1]), half).header.transform).toBe(0x42);
  });

  test('is not kept when it is not under half of the full form: the piece then lies there as it would without', () => {
    const [base, piece] = [randomBytes(100_000), randomBytes(100_000)];
    expect(encoded(piece, base)).toEqual(full(piece));
    const half = Buffer.from(base);
    randomBytes(51_000).copy(half);
    expect(encoded(half, base).header.base).toBeUndefined();
    randomBytes(20_000).copy(piece);
    expect(encoded(Buffer.alloc(DELTA_FROM_BYTES), Buffer.alloc(DELTA_FROM_BYTES)).header.base).toBeUndefined();
  });

  test('of a piece whose bytes were shifted is made with the base as a dictionary', () => {
    const [text, vectors] = [words(200_000), float32s(150_000)];
    for (const [piece, base] of [
      [Buffer.concat([Buffer.from('a few words more, '), text]), text],
      [Buffer.concat([vectors.subarray(0, 6144), vectors.subarray(12_288)]), vectors],
      [Buffer.concat([vectors.subarray(0, 300_000), vectors.subarray(306_144)]), vectors],
    ] as const) {
      const { header, payload } = encoded(piece, base);
      expect(header).toMatchObject({ codec: 2, transform: 0x40 });
      expect(payload.length).toBeLessThan(300);
      expect(Buffer.compare(decodeRecord(plain(piece, base), baseOf(base)), piece)).toBe(0);
    }
  });

  test('is never made with a dictionary that zstd would take for one of its own', () => {
    const base = Buffer.concat([Buffer.from([0x37, 0xa4, 0x30, 0xec]), randomBytes(60_000)]);
    const piece = base.subarray(100);
    expect(encoded(piece, base)).toEqual(full(piece));
    const updatedInPlace = updated(base, 100, [5]);
    expect(encoded(updatedInPlace, base).header).toMatchObject({ codec: 1, transform: 0x40 });
    expect(Buffer.compare(decodeRecord(plain(updatedInPlace, base), baseOf(base)), updatedInPlace)).toBe(0);
  });

  test('does not open without its base, and with another one it is another piece', () => {
    const base = float32s(3000);
    const piece = updated(base, 64, [5]);
    const record = plain(piece, base);
    expect(() => decodeRecord(Buffer.from(record))).toThrow(/has to be whole is a delta/);
    const other = decodeRecord(Buffer.from(record), baseOf(float32s(3001).subarray(4)));
    expect(sha256Hex(other)).not.toBe(sha256Hex(piece));
  });

  test('of any piece on any base comes back; any changed byte gives another piece or is refused', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.constantFrom(float32s(2000), halfPrecision(1500), words(7000), Buffer.alloc(5000)),
    );
    const any = fc.array(part, { maxLength: 4 }).map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(any, any, fc.nat(), fc.integer({ min: 1, max: 255 }), (piece, base, at, flip) => {
        const record = plain(piece, base);
        expect(Buffer.compare(decodeRecord(Buffer.from(record), baseOf(base)), piece)).toBe(0);
        record[at % record.length]! ^= flip;
        try {
          decodeRecord(record, baseOf(base));
        } catch (error) {
          expect((error as { code: string }).code).toBe('repository.malformed');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('lies in a pack with the id of its base in record and footer, and is compared with the piece before it counts', () => {
    const naming = pieceNaming(Buffer.alloc(32, 9));
    const base = float32s(20_000);
    const piece = updated(base, 512, [9]);
    const baseId = naming.id(sha256(base));
    const record = deltaCompressor(1)(piece, { id: baseId, bytes: base }, full(piece));
    const seal = newSeal(GOLDEN_OWNER, 'data', GOLDEN_SECRET, randomBytes(32));
    const writer = new PackWriter(Buffer.alloc(packBufferBytes(1)), seal, { session: 'backup_x', target: 1 << 22 });
    expect(() => writer.append(naming.id(sha256(piece)), piece, record, 'a path', piece)).toThrow(/did not come back right/);
    expect(() => writer.append(naming.id(sha256(piece)), piece, record, 'a path')).toThrow(/did not come back right/);
    writer.append(naming.id(sha256(piece)), piece, record, 'a path', base);
    const { bytes, entries } = writer.finish();
    expect(entries[0]!.base).toEqual(new Uint8Array(baseId));
    const { offset, length } = entries[0]!;
    const open = recordOpener(seal.key, GOLDEN_OWNER, 'data');
    expect(Buffer.compare(open(entries[0]!.id, 0, bytes.subarray(offset, offset + length), baseOf(base)), piece)).toBe(0);
  });

  test('always leaves room for the footer, however many there are', () => {
    const target = 1 << 22;
    const seal = newSeal(GOLDEN_OWNER, 'data', GOLDEN_SECRET, randomBytes(32));
    const buffer = Buffer.alloc(target + 32 * 1024);
    const writer = new PackWriter(buffer, seal, { session: 'backup_x', target });
    const base = Buffer.alloc(4096);
    const record = { header: { codec: 0, transform: 0x40, length: 4096, base: id }, payload: new Payload([randomBytes(4096)]) };
    const piece = xorOf(record.payload.parts[0]!, base);
    while (writer.fits(4096)) writer.append(id, piece, record, 'a path', base);
    expect(writer.records).toBeGreaterThan(900);
    expect(writer.finish().entries.length).toBe(writer.records);
  });
});

interface Golden {
  readonly records: readonly { name: string; codec: number; transform: number; base: string; sha256: string; record: string }[];
  readonly segment: string;
}

describe('what was written once', () => {
  const golden = JSON.parse(readFileSync(new URL('../../fixtures/golden/deltas.json', import.meta.url), 'utf8')) as Golden;

  test('delta records are read for ever', () => {
    const ways = golden.records.map(({ codec, transform }) => `${codec} ${transform.toString(16)}`);
    expect(ways).toEqual(['0 42', '0 43', '0 43', '1 40', '2 40', '1 40']);
    const cases = new Map(DELTA_CASES().map(([name, , base]) => [name, base]));
    for (const { name, sha256: digest, base, record } of golden.records) {
      const ids: string[] = [];
      const piece = decodeRecord(Buffer.from(record, 'base64'), (of) => {
        ids.push(Buffer.from(of).toString('hex'));
        return cases.get(name)!;
      });
      expect([sha256Hex(piece), ids]).toEqual([digest, [base]]);
    }
  });

  test('a segment with bases is read for ever', () => {
    const bytes = Buffer.from(golden.segment, 'base64');
    const segment = decodeSegment(bytes, GOLDEN_OWNER, () => GOLDEN_SECRET, 'a golden segment');
    expect(segment.packs).toEqual(goldenPacks());
    const index = new PieceIndex();
    index.addSegment(segment);
    for (const { id: piece, base, ...place } of goldenRows())
      expect([...index.locations(piece)]).toEqual([base ? { ...place, base: new Uint8Array(base) } : place]);
    expect(segment.bases.size).toBe(3);
  });
});
