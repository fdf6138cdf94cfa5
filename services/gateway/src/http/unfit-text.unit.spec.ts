import { DEPTH_MAX, pointerStep, unfitParts } from './unfit-text.ts';

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

test.each([undefined, null, 5, true, '', 'ä 🪣', {}, [], { a: { b: ['c', 1] } }])('%j can be stored', (value) => {
  expect(unfitParts(value)).toEqual([]);
});

test('each unfit text is named by its pointer, keys too', () => {
  const found = unfitParts({ ok: 'x', a: ['\0', 'b'], 'k/\0': 1, half: '\udc00' });
  expect(found.map((p) => p.pointer).sort()).toEqual(['', '/a/0', '/half']);
  expect(unfitParts('\0')).toEqual([{ pointer: '', message: 'holds a NUL character' }]);
});

test('nesting is followed to its limit and no further, without recursion', () => {
  expect(unfitParts(nested(DEPTH_MAX))).toEqual([]);
  expect(unfitParts(nested(DEPTH_MAX + 1))).toEqual([{ pointer: '', message: `is nested deeper than ${DEPTH_MAX} levels` }]);
  let deep: unknown = 1;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  expect(unfitParts(deep).length).toBe(1);
});

test('pointers escape as RFC 6901 says', () => {
  expect([pointerStep('a/b'), pointerStep('m~n'), pointerStep('~1')]).toEqual(['a~1b', 'm~0n', '~01']);
});
