import fc from 'fast-check';
import { EntryLog } from './entry-log.ts';
import { sortedOrder } from './sorted-order.ts';

describe('the log of entries', () => {
  test('the last turn counts, in whatever order results come; what was taken back has no body', () => {
    const log = new EntryLog();
    log.put('a', 2, Buffer.from('late'), 4);
    log.put('a', 1, Buffer.from('early'), 5);
    log.put('b', 1, Buffer.from('b'), 1);
    const finding = { path: 'b', kind: 'missing' as const, message: 'gone' };
    log.put('b', 3, undefined, undefined, finding);
    log.put('c', 4, Buffer.from('dir'), undefined);
    expect([...log.sorted()].map(({ path, body, turn, size, finding }) => [`${path}`, body?.toString(), turn, size, finding])).toEqual([
      ['a', 'late', 2, 4, undefined],
      ['b', undefined, 3, -1, finding],
      ['c', 'dir', 4, -1, undefined],
    ]);
  });

  test('gives back what a map would hold, in byte order, for any puts', () => {
    const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 });
    const put = fc.record({ path, body: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(put, { maxLength: 3000 }), fc.boolean(), (puts, backwards) => {
        const log = new EntryLog();
        const turns = [...puts.keys()];
        for (const turn of backwards ? turns.reverse() : turns) log.put(puts[turn]!.path, turn, puts[turn]!.body, undefined);
        const last = new Map(puts.map(({ path }, turn) => [path, turn]));
        const wanted = [...last].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const got = [...log.sorted()].map(({ path, turn, body }) => [path.toString(), turn, body && [...body]]);
        expect(got).toEqual(wanted.map(([path, turn]) => [path, turn, puts[turn]!.body && [...puts[turn]!.body]]));
      }),
      { numRuns: 60 },
    );
  });

  test('holds bodies longer than an arena, and many of them', () => {
    const log = new EntryLog();
    for (let i = 0; i < 5; i++) log.put(`p${i}`, i, Buffer.alloc(1_500_000, i), 1);
    expect([...log.sorted()].map(({ body }) => body!.every((byte, _, all) => byte === all[0]) && body!.length)).toEqual(
      Array(5).fill(1_500_000),
    );
  });
});

test('numbers come in order, equal ones as they were, sorted ones after one comparison each', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), (keys) => {
      const order = [...sortedOrder(keys.length, (a, b) => keys[a]! - keys[b]!)];
      const wanted = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
      expect(order).toEqual(wanted);
    }),
  );
  let compared = 0;
  sortedOrder(1000, (a, b) => {
    compared++;
    return a - b;
  });
  expect(compared).toBe(999);
});
