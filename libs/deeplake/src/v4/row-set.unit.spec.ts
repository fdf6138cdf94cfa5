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

test('a range of four billion rows costs no memory', () => {
  const set = new RowSet();
  expect(set.add([{ offset: 0, count: 2 ** 32 }])).toBe(2 ** 32);
  expect(set.add([{ offset: 5, count: 10 }])).toBe(0);
});
