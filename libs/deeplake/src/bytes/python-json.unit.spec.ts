import fc from 'fast-check';
import { pythonJson } from './python-json.ts';

test.each([
  [{ a: [1, 2.5, null], b: { c: true } }, '{"a": [1, 2.5, null], "b": {"c": true}}'],
  [[], '[]'],
  [{}, '{}'],
  [{ 'schön"\n': '\u{1f600}' }, '{"sch\\u00f6n\\"\\n": "\\ud83d\\ude00"}'],
  [1795746737.317423, '1795746737.317423'],
])('%j is written as Python writes it', (value, text) => {
  expect(pythonJson(value)).toBe(text);
});

test('reads back as what it was, in ASCII', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = pythonJson(value);
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});
