import fc from 'fast-check';
import { RowSet } from './row-set.ts';

const range = fc.record({ offset: fc.nat(60), count: fc.nat(20) });

test('counts distinct rows as a plain set does, however the ranges overlap', () => {
  fc.assert(
    fc.property(fc.array(fc.array(range, { maxLength: 5 }), { maxLength: 6 }), (batches) => {
      const [set, model] = [new RowSet(), new Set<number>()];
      for (const batch of batches) {
        const before = model.size;
        for (const { offset, count } of batch) for (let i = 0; i < count; i++) model.add(offset + i);
        expect(set.add(batch)).toBe(model.size - before);
      }
      expect(set.size).toBe(model.size);
    }),
  );
});

test('what is left without another set is what plain sets leave', () => {
  const model = (ranges: readonly { offset: number; count: number }[]) =>
    new Set(ranges.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i)));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), fc.array(range, { maxLength: 8 }), (mine, others) => {
      const [a, b] = [new RowSet(), new RowSet()];
      a.add(mine);
      b.add(others);
      const left = a.without(b);
      const gone = model(others);
      const wanted = new Set([...model(mine)].filter((row) => !gone.has(row)));
      expect([left.size, model([...left.ranges()])]).toEqual([wanted.size, wanted]);
    }),
  );
});

test('a range of four billion rows costs no memory', () => {
  const set = new RowSet();
  expect(set.add([{ offset: 0, count: 2 ** 32 }])).toBe(2 ** 32);
  expect(set.add([{ offset: 5, count: 10 }])).toBe(0);
});
