import { listOf, mapOf, message, optional } from './composites.ts';
import { count, oneOf, small, text, time, truth } from './scalars.ts';
import { type Shape, ShapeProblem } from './shape.ts';

/** Reads and writes the value; both ways must agree on whether it is one. */
function accepts(shape: Shape<unknown>, json: unknown): boolean {
  try {
    shape.read(json, 'here');
    return true;
  } catch (error) {
    if (error instanceof ShapeProblem && error.path.startsWith('here')) return false;
    throw error;
  }
}

describe.each<[string, Shape<unknown>, unknown[], unknown[]]>([
  ['text', text, ['', 'a', 'ß€\n'], [undefined, null, 1, true, [], {}]],
  ['truth', truth, [true, false], [undefined, null, 0, 1, 'true']],
  ['small', small, [0, 1, 4_294_967_295], [undefined, null, -1, 0.5, 4_294_967_296, '1', Number.NaN, Number.POSITIVE_INFINITY]],
  [
    'count',
    count,
    ['0', '1', '9007199254740991'],
    [undefined, null, 0, 1, '-1', '1.5', '01', '', ' 1', '1e3', '9007199254740992', '99999999999999999'],
  ],
  ['a word', oneOf('full', 'quick'), ['full', 'quick'], [undefined, null, 'Full', '', 'fullquick', 0]],
  [
    'time',
    time,
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.1Z', '2026-03-01T12:00:00.123456789Z', '2024-02-29T23:59:59Z'],
    [
      undefined,
      null,
      0,
      '2026-03-01',
      '2026-03-01T12:00:00',
      '2026-03-01T12:00:00+01:00',
      '2026-03-01 12:00:00Z',
      '2026-03-32T12:00:00Z',
      'now',
    ],
  ],
  ['a list', listOf(small), [[], [1], [1, 2]], [undefined, null, {}, '1', ['1'], [1, undefined], [null]]],
  ['a map', mapOf(text), [{}, { a: 'b' }, { 'a.b c': '' }], [undefined, null, [], 'a', { a: 1 }, { a: null }]],
  ['an optional text', optional(text), [undefined, ''], [null, 1]],
  [
    'a message',
    message('M', { a: text, b: optional(small) }),
    [{ a: '' }, { a: '', b: 1 }],
    [undefined, null, [], {}, { b: 1 }, { a: '', b: null }, { a: '', c: 1 }],
  ],
])('%s', (_, shape, good, bad) => {
  test('takes what it must', () => expect(good.filter((value) => !accepts(shape, value))).toEqual([]));
  test('refuses the rest, naming the place', () => expect(bad.filter((value) => accepts(shape, value))).toEqual([]));
});

describe('places are named as they are written', () => {
  const shape = message('Outer', { items: listOf(message('Inner', { sizes: mapOf(count) })) });
  const wrong: [unknown, string][] = [
    [{ items: [{ sizes: {} }, { sizes: { a: 7 } }] }, 'items[1].sizes.a'],
    [{ items: [{}] }, 'items[0].sizes'],
    [{ items: [{ sizes: {}, more: 1 }] }, 'items[0].more'],
    [{ item: [] }, 'item'],
  ];
  test.each(wrong)('%j', (value, path) => {
    expect(() => shape.read(value, '')).toThrow(expect.objectContaining({ path }));
  });
  test('also when writing', () =>
    expect(() => shape.write({ items: [{ sizes: { a: 0.5 } }] }, '')).toThrow(expect.objectContaining({ path: 'items[0].sizes.a' })));
});

describe('names that objects have by themselves', () => {
  test('are no fields', () => {
    const shape = message('M', { a: optional(text) });
    expect(() => shape.read(JSON.parse('{"__proto__": "x"}'), '')).toThrow('is not a field of M');
    expect(() => shape.read({ constructor: 'x' }, '')).toThrow('is not a field of M');
    expect(shape.read({}, '')).toEqual({});
  });
  test('are harmless keys of a map', () => {
    const read = mapOf(text).read(JSON.parse('{"__proto__": "x", "toString": "y"}'), '');
    expect(Object.entries(read)).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ]);
  });
});

test('a count is a decimal string outside and a number inside', () => {
  expect(count.read('1204', '')).toBe(1204);
  expect(count.write(1204, '')).toBe('1204');
  for (const value of [-1, 1.5, 2 ** 53, Number.NaN, '7' as never]) expect(() => count.write(value, '')).toThrow(ShapeProblem);
});
