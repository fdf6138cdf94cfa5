import fc from 'fast-check';
import { Malformed } from '../errors.ts';
import { sizedLz4 } from '../testing/lz4-encode.ts';
import { parseLogFile } from './log-file.ts';
import { classifyPath, parseLogName } from './paths.ts';

const plain = parseLogName('0000000002m00000000.jsonl')!;
const packed = parseLogName('0000000002m00000000.jsonl.lz4')!;
const encode = (text: string) => new TextEncoder().encode(text);
const COMMIT = '{"commit":{"release":"4.7.4","clientTimestamp":1795426739,"message":"60 rows"}}\n';

test('plain and packed files say the same', () => {
  const text = encode(`${COMMIT}{"dropColumn":{"i":3}}\n`);
  const wanted = { operations: [{ kind: 'dropColumn', column: 3 }], writtenAtMs: 1795426739000, message: '60 rows' };
  expect(parseLogFile(plain, text)).toEqual(wanted);
  expect(parseLogFile(packed, sizedLz4(text))).toEqual(wanted);
});

test('the extension decides, not the first byte', () => {
  const size = 0x7b; // '{'
  const text = encode(
    COMMIT.padEnd(size - 1, ' ')
      .replace('\n', '')
      .padEnd(size - 1, ' ')
      .concat('\n'),
  );
  expect(sizedLz4(text)[0]).toBe(size);
  expect(parseLogFile(packed, sizedLz4(text)).message).toBe('60 rows');
  expect(() => parseLogFile(plain, sizedLz4(text))).toThrow(Malformed);
});

test.each([
  ['empty', '', /empty/],
  ['without a final newline', COMMIT.trimEnd(), /newline/],
  ['cut in a line', `${COMMIT}{"dropColumn":{"i":3\n`, /line 2/],
  ['without commit', '{"dropColumn":{"i":3}}\n', /not a commit/],
  ['of blank lines', '\n\n', /not a commit/],
  ['with two operations in a line', `${COMMIT}{"a":{},"b":{}}\n`, /2 operations/],
])('a file that is %s is refused', (_what, text, message) => {
  expect(() => parseLogFile(plain, encode(text))).toThrow(message);
});

test('every cut of a packed file is refused', () => {
  const whole = sizedLz4(encode(`${COMMIT}{"dropColumn":{"i":3}}\n`));
  for (let end = 0; end < whole.length; end++) expect(() => parseLogFile(packed, whole.subarray(0, end))).toThrow(Malformed);
});

test('any bytes are refused or parsed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, lz4) => {
      try {
        parseLogFile(lz4 ? packed : plain, bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
  );
});

describe('names', () => {
  test('say base, letter and range', () => {
    expect(parseLogName('0000000062o00000001.jsonl.lz4')).toEqual({
      version: '0000000062o00000001',
      base: 62,
      letter: 'o',
      argument: 1,
      compressed: true,
      claim: false,
    });
    expect(parseLogName('0000000056o00000010.jsonl')).toMatchObject({ base: 56, argument: 16 });
    expect(parseLogName('0000000056o00000000.jsonl')).toMatchObject({ claim: true });
    expect(parseLogName('000000056o00000000.jsonl')).toBeUndefined();
  });

  test.each([
    ['_deeplake_log/_meta/next_base', 'counter'],
    ['_deeplake_log/_meta/next_base.lock', 'lock'],
    ['_deeplake_log/_meta/next_base.tmp.12.ab.1', 'temporary'],
    ['_deeplake_log/0a/0000000001m00000000.jsonl', 'log'],
    ['_deeplake_log/0a/other', 'unknown'],
    ['_deeplake_wal/main/1_2_3.wal', 'wal'],
    ['_deeplake_gc_trash/x/y', 'trash'],
    ['avk5kx/z9/kv0l5lounroz8qqkd3nkort', 'data'],
    ['avk5kx/i/wr/8zf9dk6xft3rq1tzbeby72s', 'data'],
    ['avk5kx/z9/kv0l5lounroz8qqkd3nkort.lock', 'lock'],
    ['dataset_metadata.json', 'unknown'],
  ])('%s is %s', (path, kind) => {
    expect(classifyPath(path).kind).toBe(kind);
  });
});
