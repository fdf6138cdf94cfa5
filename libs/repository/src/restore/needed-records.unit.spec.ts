import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type NeededRecord, NeededRecords, portionsOf, rangesOf, usesOf } from './needed-records.ts';

const MiB = 1024 * 1024;
const location = (record: number, length: number, offset = record * MiB, pack = 0) => ({ pack, offset, length, record });
const idOf = (n: number): Buffer => Buffer.alloc(32, n);

/** Bases of a pack with deltas of these lengths in other packs, and deltas that lie in the pack itself. */
function packWith(deltas: readonly (readonly number[])[], own = 0): NeededRecord[] {
  const needed = new NeededRecords();
  let made = 0;
  deltas.forEach((lengths, base) => {
    needed.add(idOf(base), { location: location(base, 800_000) }, { slot: base, at: 0 });
    for (const length of lengths) {
      const id = randomBytes(32);
      const to = { id: idOf(base), location: location(base, 800_000) };
      needed.add(id, { location: location(made, length, made * MiB, 7), base: to }, { slot: 1000 + made++, at: 3 });
    }
  });
  for (let i = 0; i < own; i++)
    needed.add(randomBytes(32), {
      location: location(500 + i, 10),
      base: { id: randomBytes(32), location: location(i, 10, 0, 9) },
    });
  return [...needed.pack(0).values()];
}

const slotsOf = (records: readonly NeededRecord[]): number[] =>
  records.flatMap((record) => [...usesOf(record)].map(({ slot }) => slot)).sort((a, b) => a - b);
const deltaBytes = (records: readonly NeededRecord[]): number =>
  records.flatMap(({ deltas = [] }) => deltas).reduce((sum, delta) => sum + delta.location.length, 0);

test('a delta is needed where its base is: every place is named once, by the piece itself or through it', () => {
  const [base] = packWith([[10, 20]]);
  expect([...usesOf(base!)]).toEqual([
    { slot: 0, at: 0 },
    { slot: 1000, at: 3 },
    { slot: 1001, at: 3 },
  ]);
});

test('a record that is needed twice, by itself and as a base of the same delta, is one record', () => {
  const needed = new NeededRecords();
  const base = { id: idOf(1), location: location(0, 100) };
  const delta = { location: location(0, 10, 0, 7), base };
  for (const slot of [1, 2]) needed.add(idOf(2), delta, { slot, at: 0 });
  needed.add(idOf(1), base, { slot: 3, at: 0 });
  expect([...needed.packs].map(([pack, records]) => [pack, records.size]).sort()).toEqual([
    [0, 1],
    [7, 1],
  ]);
  expect(slotsOf([...needed.pack(0).values()])).toEqual([1, 2, 3]);
  expect(needed.packCount).toBe(2);
});

describe('what is read at a time', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 2 * MiB }), { maxLength: 12 });

  test('covers every place exactly once, with a few MiB of deltas beside a few MiB of the pack', () => {
    fc.assert(
      fc.property(fc.array(lengths, { minLength: 1, maxLength: 6 }), fc.nat(3), (deltas, own) => {
        const records = packWith(deltas, own);
        const all = slotsOf(records);
        const ranges = rangesOf(records);
        expect(slotsOf(ranges.flatMap((range) => range.records))).toEqual(all);
        for (const { start, end, records: read } of ranges) {
          expect(end - start).toBeLessThanOrEqual(5 * MiB);
          expect(deltaBytes(read)).toBeLessThan(12 * MiB);
          for (const record of read) expect(record.base).toBeUndefined();
        }
        const { whole, later, listed } = portionsOf(records);
        expect(slotsOf([...whole, ...later])).toEqual(all);
        expect(deltaBytes(whole)).toBeLessThanOrEqual(6 * MiB);
        expect(listed.length).toBe(own);
        expect(new Set(whole.map(({ location: at }) => at.record)).size).toBe(deltas.length);
      }),
      { numRuns: 200 },
    );
  });

  test('a base with very many deltas is read again for each portion, and is written only once', () => {
    const [base] = packWith([Array.from({ length: 40 }, () => 400_000)]);
    const ranges = rangesOf([base!]);
    expect(ranges.length).toBeGreaterThan(3);
    expect(ranges.map((range) => range.records.map(({ uses }) => uses.length))).toEqual([[2], ...ranges.slice(1).map(() => [0])]);
  });
});
