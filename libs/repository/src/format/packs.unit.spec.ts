import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { float32s, halfPrecision, int64s, words } from '../testing/numbers.ts';
import { pieceNaming, sha256, sha256Hex } from './hashes.ts';
import { decodeFooter, encodeFooter } from './pack-entries.ts';
import { decodeTrailer, openFooter, recordOpener } from './pack-reader.ts';
import { type FinishedPack, PACK_PADDING, PackWriter, packBufferBytes } from './pack-writer.ts';
import { joined, Payload } from './payload.ts';
import { decodeRecord, decodeRecordHeader, encodeRecordHeader, holds, PIECE_BYTES_MAX, pageCompressor, pieceCompressor } from './record.ts';
import { type Belonging, decodeHeader, keyFor, newSeal, opensAs, sealBytes } from './seal.ts';

const belonging: Belonging = { repositoryId: '00112233445566778899aabbccddeeff', tag: 'ffeeddccbbaa99887766554433221100', epoch: 3 };
const secret = Buffer.alloc(32, 7);
const naming = pieceNaming(Buffer.alloc(32, 9));
const idOf = (piece: Uint8Array): Buffer => naming.id(sha256(piece));

function packOf(pieces: readonly Uint8Array[], level = 1, target = 4 * 1024 * 1024): FinishedPack {
  const seal = newSeal(belonging, 'data', secret, randomBytes(32));
  const writer = new PackWriter(Buffer.alloc(packBufferBytes(target)), seal, { session: 'backup_x', target });
  const compress = pieceCompressor(level);
  for (const piece of pieces) writer.append(idOf(piece), piece, compress(piece), 'a path');
  return writer.finish();
}

/** Reads a pack as a stranger with the key would: from its bytes alone. */
function unpackAll(bytes: Buffer): { session: string; pieces: Buffer[] } {
  const header = decodeHeader(bytes, 'data', 'pack');
  const key = keyFor(header, belonging, () => secret);
  const trailer = decodeTrailer(bytes, bytes.length);
  const footer = openFooter(key, header, 'data', bytes.subarray(trailer.footerAt, trailer.footerAt + trailer.footerLength), trailer);
  const open = recordOpener(key, header, 'data');
  const pieces = footer.entries.map(({ id, offset, length }, i) => Buffer.from(open(id, i, bytes.subarray(offset, offset + length))));
  return { session: footer.session, pieces };
}

const anyPiece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 2000 }),
  fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 300_000 })).map(([byte, length]) => new Uint8Array(length).fill(byte)),
  fc.integer({ min: 1, max: 300_000 }).map((length) => new Uint8Array(randomBytes(length))),
);

describe('packs', () => {
  test('give back any pieces, in order, with any compression level', () => {
    fc.assert(
      fc.property(fc.array(anyPiece, { maxLength: 12 }), fc.integer({ min: 0, max: 3 }), (pieces, level) => {
        const pack = packOf(pieces, level);
        const { session, pieces: back } = unpackAll(Buffer.from(pack.bytes));
        expect(session).toBe('backup_x');
        expect(back.map(sha256Hex)).toEqual(pieces.map(sha256Hex));
        expect(pack.bytes.length % PACK_PADDING).toBe(0);
        expect(pack.name).toBe(sha256Hex(pack.bytes));
      }),
      { numRuns: 60 },
    );
  });

  test('any flipped, dropped or appended byte changes the name, and no record opens wrong', () => {
    const pieces = [randomBytes(600), Buffer.alloc(5000, 1), randomBytes(40)];
    const pack = packOf(pieces);
    const good = Buffer.from(pack.bytes);
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(7), fc.constantFrom('flip', 'drop', 'append'), (at, bit, how) => {
        const bad =
          how === 'flip'
            ? Buffer.from(good)
            : how === 'drop'
              ? Buffer.concat([good.subarray(0, at), good.subarray(at + 1)])
              : Buffer.concat([good, Buffer.of(bit)]);
        if (how === 'flip') bad[at]! ^= 1 << bit;
        expect(sha256Hex(bad)).not.toBe(pack.name);
        try {
          expect(unpackAll(bad).pieces.map(sha256Hex)).toEqual(pieces.map(sha256Hex));
        } catch (error) {
          expect((error as { code: string }).code).toMatch(/^repository\.(malformed|format_too_new)$/);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('a record opens only as the piece, number, kind, tenant and epoch it was sealed as', () => {
    const pieces = [randomBytes(100), randomBytes(100)];
    const pack = packOf(pieces);
    const key = keyFor(pack.header, belonging, () => secret);
    const sealed = (i: number) => pack.bytes.subarray(pack.entries[i]!.offset, pack.entries[i]!.offset + pack.entries[i]!.length);
    const open = (with_: Partial<Belonging>, kind: 'data' | 'meta', id: Uint8Array, record: number) =>
      recordOpener(key, { ...belonging, ...with_ }, kind)(id, record, sealed(0));
    const id = pack.entries[0]!.id;
    expect(Buffer.from(open({}, 'data', id, 0))).toEqual(pieces[0]);
    expect(() => open({}, 'data', id, 1)).toThrow(/does not open/);
    expect(() => open({}, 'data', pack.entries[1]!.id, 0)).toThrow(/does not open/);
    expect(() => open({}, 'meta', id, 0)).toThrow(/does not open/);
    expect(() => open({ epoch: 4 }, 'data', id, 0)).toThrow(/does not open/);
    expect(() => open({ tag: belonging.repositoryId }, 'data', id, 0)).toThrow(/does not open/);
  });

  test('end at their target and hold one record of any size', () => {
    const writer = new PackWriter(Buffer.alloc(packBufferBytes(1)), newSeal(belonging, 'data', secret, randomBytes(32)), {
      session: 's',
      target: 1,
    });
    const piece = randomBytes(PIECE_BYTES_MAX);
    expect(writer.fits(piece.length)).toBe(true);
    writer.append(idOf(piece), piece, pieceCompressor(0)(piece), 'a path');
    expect(writer.full).toBe(true);
    expect(writer.fits(piece.length)).toBe(false);
    expect(unpackAll(Buffer.from(writer.finish().bytes)).pieces[0]!.equals(piece)).toBe(true);
  });

  test('a piece that does not come back right is refused before it counts', () => {
    const writer = new PackWriter(Buffer.alloc(packBufferBytes(1)), newSeal(belonging, 'data', secret, randomBytes(32)), {
      session: 's',
      target: 1,
    });
    const [piece, other] = [randomBytes(500), randomBytes(500)];
    expect(() => writer.append(idOf(piece), piece, pieceCompressor(1)(other), 'articles/chunk')).toThrow(
      /articles\/chunk did not come back right/,
    );
    const broken = { header: { codec: 1, transform: 0, length: 500 }, payload: new Payload([other]) };
    expect(() => writer.append(idOf(piece), piece, broken, 'articles/chunk')).toThrow(/did not come back right/);
  });

  test('what was sealed opens as exactly the parts it was sealed from, and not after any bit has changed', () => {
    const parts = [randomBytes(8), randomBytes(70_000), Buffer.alloc(0), randomBytes(300)];
    const [key, iv, aad] = [randomBytes(32), randomBytes(12), randomBytes(71)];
    const sealed = sealBytes(key, iv, aad, Buffer.concat(parts));
    expect(opensAs(key, iv, aad, sealed, parts)).toBe(true);
    expect(opensAs(key, iv, aad, sealed, parts.slice(0, 3))).toBe(false);
    expect(opensAs(key, iv, aad, sealed, [...parts, Buffer.of(0)])).toBe(false);
    expect(opensAs(key, iv, Buffer.from(aad).fill(0, 70), sealed, parts)).toBe(false);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.nat(7), fc.nat(3), fc.nat(), (at, bit, part, byte) => {
        const bad = Buffer.from(sealed);
        bad[at]! ^= 1 << bit;
        expect(opensAs(key, iv, aad, bad, parts)).toBe(false);
        const others = parts.map((bytes) => Buffer.from(bytes));
        const other = others[part]!;
        if (other.length === 0) return;
        other[byte % other.length]! ^= 1 << bit;
        expect(opensAs(key, iv, aad, sealed, others)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('a new salt gives a new key and commitment', () => {
    const [a, b] = [newSeal(belonging, 'data', secret, Buffer.alloc(32, 1)), newSeal(belonging, 'data', secret, Buffer.alloc(32, 2))];
    expect(Buffer.compare(a.key, b.key)).not.toBe(0);
    expect(Buffer.compare(a.header.commitment, b.header.commitment)).not.toBe(0);
    expect(() => keyFor({ ...a.header, commitment: b.header.commitment }, belonging, () => secret)).toThrow(/commitment/);
    expect(() => keyFor(a.header, { ...belonging, tag: belonging.repositoryId }, () => secret)).toThrow(/another repository or tenant/);
  });
});

describe('records', () => {
  test('headers have room for transforms and the base of a delta', () => {
    const base = randomBytes(32);
    const delta = { codec: 1, transform: 0x44, length: 77, base };
    const { header, bytes } = decodeRecordHeader(Buffer.concat([encodeRecordHeader(delta), Buffer.alloc(3)]));
    expect(header).toEqual(delta);
    expect(bytes).toBe(40);
    expect(() => decodeRecord(encodeRecordHeader(delta), () => base)).toThrow(/later version/);
    expect(() => decodeRecord(encodeRecordHeader(delta))).toThrow(/is a delta/);
    expect(() => decodeRecord(Buffer.concat([encodeRecordHeader({ codec: 9, transform: 0, length: 1 }), Buffer.alloc(1)]))).toThrow(
      /later version/,
    );
    expect(() => decodeRecord(encodeRecordHeader({ codec: 0, transform: 0, length: 1 }))).toThrow(/0 bytes instead of 1/);
    expect(() => decodeRecord(Buffer.alloc(3))).toThrow(/shorter/);
  });

  test('what does not shrink is stored as it is; a sample decides for long pieces', () => {
    const compress = pieceCompressor(1);
    const random = randomBytes(1_000_000);
    expect(compress(random)).toMatchObject({ header: { codec: 0 } });
    expect(compress(random).payload.parts[0]).toBe(random);
    expect(compress(Buffer.alloc(1_000_000))).toMatchObject({ header: { codec: 1, length: 1_000_000 } });
    const half = Buffer.concat([Buffer.alloc(200_000), randomBytes(200_000)]);
    expect(compress(half)).toMatchObject({ header: { codec: 1 } });
    expect(pieceCompressor(0)(Buffer.alloc(1000))).toMatchObject({ header: { codec: 0 } });
  });
});

test.each([
  ['planes', float32s(3001)],
  ['planes that are all compressed', halfPrecision(3000)],
  ['wide planes and bytes after the last element', Buffer.concat([int64s(3000), Buffer.from('tail')])],
  ['zstd', words(9000)],
  ['no compression', randomBytes(9000)],
])('a record in %s holds its piece and no other; with a byte of it changed, what it decodes to decides', (_, piece) => {
  const record = pieceCompressor(1)(piece);
  expect(holds(record, piece)).toBe(true);
  expect(holds(record, Buffer.concat([piece, Buffer.of(0)]))).toBe(false);
  const unlessRefused = (told: () => boolean): boolean => {
    try {
      return told();
    } catch (error) {
      expect((error as { code: string }).code).toBe('repository.malformed');
      return false;
    }
  };
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (part, at, flip) => {
      const other = Buffer.from(piece);
      other[at % other.length]! ^= flip;
      expect(holds(record, other)).toBe(false);
      const parts = record.payload.parts.map((bytes) => Buffer.from(bytes));
      const changed = parts[part % parts.length]!;
      if (changed.length > 0) changed[at % changed.length]! ^= flip;
      const decoded = (): boolean => Buffer.compare(decodeRecord(joined([encodeRecordHeader(record.header), ...parts])), piece) === 0;
      const held = unlessRefused(() => holds({ ...record, payload: new Payload(parts) }, piece));
      expect(held).toBe(unlessRefused(decoded));
    }),
    { numRuns: 200 },
  );
});

describe('footers', () => {
  const entry = fc.record({
    id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    offset: fc.nat(0xffffffff),
    length: fc.nat(0xffffffff),
    pieceLength: fc.nat(PIECE_BYTES_MAX),
    base: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
  });

  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(entry), (session, entries) => {
        const back = decodeFooter(Buffer.from(encodeFooter({ session, entries })));
        expect(back.session).toBe(session.toWellFormed());
        expect(back.entries.map((e) => ({ ...e, id: [...e.id], base: e.base && [...e.base] }))).toEqual(
          entries.map((e) => ({ ...e, id: [...e.id], base: e.base && [...e.base] })),
        );
      }),
    );
  });

  test('that are cut or go on are refused', () => {
    const bytes = Buffer.from(encodeFooter({ session: 's', entries: [{ id: Buffer.alloc(32), offset: 1, length: 2, pieceLength: 3 }] }));
    for (let cut = 0; cut < bytes.length; cut++) expect(() => decodeFooter(bytes.subarray(0, cut))).toThrow();
    expect(() => decodeFooter(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(/too many/);
  });
});

test('pages are compressed without planes, and kept as they are where that does not shrink them', () => {
  const numbers = Buffer.from(Float32Array.from({ length: 8192 }, (_, i) => Math.sin(i)).buffer);
  const text = Buffer.from('a/path/in/a/tree\n'.repeat(500));
  for (const page of [numbers, text]) expect(pageCompressor(1)(page).header.transform).toBe(0);
  expect(pageCompressor(1)(text).payload.length).toBeLessThan(500);
  const random = randomBytes(5000);
  expect(pageCompressor(1)(random)).toMatchObject({ header: { codec: 0, length: 5000 }, payload: { parts: [random] } });
  expect(pageCompressor(0)(text)).toMatchObject({ header: { codec: 0 }, payload: { parts: [text] } });
});
