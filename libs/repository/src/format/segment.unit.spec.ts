import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { PieceIndex } from '../index/piece-index.ts';
import { newSeal } from './seal.ts';
import { decodeSegment, encodeSegment, type IndexedPack, type IndexRow, PAGE_BYTES, packRows } from './segment.ts';
import { buildFilter, mayHold } from './segment-filter.ts';

const belonging = { repositoryId: '00112233445566778899aabbccddeeff', tag: 'ffeeddccbbaa99887766554433221100', epoch: 1 };
const secret = Buffer.alloc(32, 7);

const packs: IndexedPack[] = ['data', 'meta', 'data'].map((kind, i) => ({
  name: Buffer.alloc(32, i + 1).toString('hex'),
  kind: kind as 'data' | 'meta',
  size: 4096 * (i + 1),
  epoch: 1,
  salt: Buffer.alloc(32, i),
  commitment: Buffer.alloc(32, i + 100),
}));

const row = fc.record({
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  pack: fc.nat(2),
  offset: fc.nat(0xffffffff),
  length: fc.nat(0xffffffff),
  record: fc.nat(16_383),
  base: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 }), { nil: undefined }),
});

const encode = (rows: readonly IndexRow[]): Buffer =>
  encodeSegment({ session: 'backup_x', packs, ...packRows(rows) }, newSeal(belonging, 'index', secret, randomBytes(32)));
const decode = (bytes: Buffer) => decodeSegment(bytes, belonging, () => secret, 'index/0/x');

test('segments give back any rows, sorted by the first 16 bytes of the id, with packs and bases', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 300 }), (rows) => {
      const segment = decode(encode(rows));
      expect(segment.session).toBe('backup_x');
      expect(segment.packs.map(({ name, kind, size }) => [name, kind, size])).toEqual(
        packs.map(({ name, kind, size }) => [name, kind, size]),
      );
      const index = new PieceIndex();
      index.addSegment(segment);
      expect(index.size).toBe(rows.length);
      for (const { id, pack, offset, length, record, base } of rows) {
        expect([...index.locations(id)]).toContainEqual({ pack, offset, length, record, ...(base && { base }) });
      }
      expect(segment.bases.size).toBe(rows.filter(({ base }) => base).length);
    }),
    { numRuns: 60 },
  );
});

test('a segment of many pages has a fence for each and a filter that never says a false no', () => {
  const ids = Array.from({ length: 5000 }, () => randomBytes(32));
  const segment = decode(encode(ids.map((id, i) => ({ id, pack: 0, offset: i, length: 1, record: 0 }))));
  expect(segment.fences.length / 16).toBe(Math.ceil((5000 * 32) / PAGE_BYTES));
  expect(segment.fences.subarray(0, 16).equals(segment.entries.subarray(0, 16))).toBe(true);
  expect(segment.fences.subarray(16, 32).equals(segment.entries.subarray(PAGE_BYTES, PAGE_BYTES + 16))).toBe(true);
  expect(ids.every((id) => mayHold(segment.filter, id))).toBe(true);
  const wrong = Array.from({ length: 20_000 }, () => randomBytes(16)).filter((id) => mayHold(segment.filter, id)).length;
  expect(wrong / 20_000).toBeLessThan(0.04);
  expect(segment.filter.length).toBe(5000);
});

test('a filter of nothing holds nothing', () => expect(mayHold(buildFilter([], 0), randomBytes(16))).toBe(false));

test('any flipped, dropped or appended byte that touches what readers use is refused', () => {
  const good = encode(Array.from({ length: 40 }, (_, i) => ({ id: randomBytes(32), pack: i % 3, offset: i, length: i, record: i })));
  const before = decode(good);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(7), fc.constantFrom('flip', 'drop', 'append'), (at, bit, how) => {
      const bad =
        how === 'flip'
          ? Buffer.from(good)
          : how === 'drop'
            ? Buffer.concat([good.subarray(0, at), good.subarray(at + 1)])
            : Buffer.concat([good, Buffer.of(bit)]);
      if (how === 'flip') bad[at]! ^= 1 << bit;
      try {
        const after = decode(bad);
        expect(after.entries.equals(before.entries)).toBe(true);
        expect(how).toBe('flip');
      } catch (error) {
        expect((error as { code: string }).code).toMatch(/^repository\.(malformed|format_too_new)$/);
      }
    }),
    { numRuns: 1000 },
  );
});

test('a segment of another tenant, another repository or a later version does not open', () => {
  const bytes = encode([]);
  expect(() => decodeSegment(bytes, { ...belonging, tag: belonging.repositoryId }, () => secret, 'x')).toThrow(
    /another repository or tenant/,
  );
  expect(() => decodeSegment(bytes, belonging, () => Buffer.alloc(32), 'x')).toThrow(/commitment/);
  const later = Buffer.from(bytes);
  later.writeUInt16LE(2, 4);
  expect(() => decodeSegment(later, belonging, () => secret, 'index/0/x')).toThrow(/index\/0\/x has format 2/);
});

describe('the index in memory', () => {
  const idOf = (i: number): Buffer => {
    const id = Buffer.alloc(32);
    id.writeUInt32LE(i % 7, 0);
    id.writeUInt32LE(i, 4);
    return id;
  };

  test('grows, keeps every copy, and prefers the newest usable one', () => {
    const index = new PieceIndex();
    const entries = Array.from({ length: 9000 }, (_, i) => ({ id: idOf(i), offset: i, length: 5, pieceLength: 3 }));
    index.addPack(packs[0]!, entries);
    index.addPack(packs[1]!, entries.slice(0, 100));
    expect(index.addPack(packs[0]!, entries)).toBe(0);
    expect(index.size).toBe(9100);
    for (const [i, { id }] of entries.entries()) expect([...index.locations(id)].map(({ pack }) => pack)).toEqual(i < 100 ? [1, 0] : [0]);
    expect(index.copyOf(idOf(5), (pack) => pack === 0)).toEqual({ location: { pack: 0, offset: 5, length: 5, record: 5 } });
    expect(index.copyOf(idOf(9001))).toBeUndefined();
    let visited = 0;
    index.forEach(() => {
      visited++;
    });
    expect(visited).toBe(9100);
  });
});
