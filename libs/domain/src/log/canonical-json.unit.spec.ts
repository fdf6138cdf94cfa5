import { codeThrownBy } from '../testing/given.ts';
import { canonicalJson, sameValue } from './canonical-json.ts';

test('the order of fields does not count, that of lists does', () => {
  expect(canonicalJson({ b: [2, 1], a: { d: 1, c: 2 } })).toBe('{"a":{"c":2,"d":1},"b":[2,1]}');
  expect(sameValue({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
  expect(sameValue([1, 2], [2, 1])).toBe(false);
});

test('numbers and text as RFC 8785 has them', () => {
  expect(canonicalJson([1e21, 0.000001, -0, 1.0])).toBe('[1e+21,0.000001,0,1]');
  expect(canonicalJson('€"\\\u000f\n')).toBe('"€\\"\\\\\\u000f\\n"');
  expect(canonicalJson({ '€': 1, '\r': 2, '1': 3 })).toBe('{"\\r":2,"1":3,"€":1}');
});

test('a field that is undefined is not there', () => expect(sameValue({ a: 1, b: undefined }, { a: 1 })).toBe(true));

test('what JSON cannot hold is refused', () => expect(codeThrownBy(() => canonicalJson(undefined))).toBe('event.not_json'));
