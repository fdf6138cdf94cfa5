import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { decodeUtf8, parseExactJson } from './exact-json.ts';

test('integers beyond 2^53 come back exactly, at any depth', () => {
  expect(parseExactJson('{"rowIds":[[14250996127179472916,5],9007199254740993]}')).toEqual({
    rowIds: [[14250996127179472916n, 5], 9007199254740993n],
  });
});

test('every integer survives as the number it is', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (n) => {
      expect(BigInt(parseExactJson(`${n}`) as number | bigint)).toBe(n);
    }),
  );
});

test('fractions and exponents stay doubles, texts with long digits stay texts', () => {
  expect(parseExactJson('{"sm":1.23456789012345678e30,"t":"12345678901234567890"}')).toEqual({
    sm: 1.2345678901234568e30,
    t: '12345678901234567890',
  });
});

test('what JSON.parse accepts, this accepts with the same result', () => {
  const rounded = (text: string) =>
    JSON.parse(JSON.stringify(parseExactJson(text), (_key, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)));
  fc.assert(fc.property(fc.json(), (text) => expect(JSON.stringify(rounded(text))).toBe(JSON.stringify(JSON.parse(text)))));
});

test('bad JSON, absurd nesting and bad UTF-8 are refused as malformed', () => {
  expect(() => parseExactJson('{"a":')).toThrow(Malformed);
  expect(() => parseExactJson(`${'['.repeat(200_000)}12345678901234567890${']'.repeat(200_000)}`)).toThrow(Malformed);
  expect(() => decodeUtf8(Uint8Array.of(0xff, 0xfe))).toThrow(Malformed);
});
