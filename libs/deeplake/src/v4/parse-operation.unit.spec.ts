import fc from 'fast-check';
import { parseExactJson } from '../bytes/exact-json.ts';
import { Malformed } from '../errors.ts';
import { filesOf } from './operation.ts';
import { parseOperation, rowRanges } from './parse-operation.ts';

const parse = (text: string) => parseOperation(parseExactJson(text));

const block = (d: object) =>
  JSON.stringify({
    addBlock: {
      d: {
        p: ['a', 'b'],
        c: ['', ''],
        b: [10, 20],
        st: '00',
        hs: '00',
        h: [0, 0],
        s: [[], []],
        n: [3, 4],
        x: 'col/xx/',
        f: { t: '1', d: { t: { t: { d: 'int64' } }, c: {} } },
        cs: [{ rc: 3 }, { rc: 4 }],
        ...d,
      },
      c: 1,
      b: 7,
    },
  });

describe('row ids', () => {
  test('beyond 2^53 are split into block and offset exactly', () => {
    expect(rowRanges(parseExactJson('[[14250996127179472916,5],13412994389358149642]'))).toEqual([
      { block: 3318068601, offset: 20, count: 5 },
      { block: 3122956117, offset: 10, count: 1 },
    ]);
  });

  test('every id comes back from its halves', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (id) => {
        const [range] = rowRanges(parseExactJson(`[${id}]`));
        expect(BigInt(range!.block) * 2n ** 32n + BigInt(range!.offset)).toBe(id);
      }),
    );
  });

  test('a range that leaves its block goes on in the next', () => {
    expect(rowRanges([[2 ** 32 - 2, 5]])).toEqual([
      { block: 0, offset: 2 ** 32 - 2, count: 2 },
      { block: 1, offset: 0, count: 3 },
    ]);
  });

  test.each(['[-1]', '[1.5]', '["1"]', '[[1]]', '[[1,-2]]', '[18446744073709551616]', '[[0,4294967297]]', '{}'])(
    '%s is refused',
    (text) => {
      expect(() => rowRanges(parseExactJson(text))).toThrow(Malformed);
    },
  );
});

describe('addBlock', () => {
  test('names its files with sizes, rows and format', () => {
    const operation = parse(block({}));
    expect(operation).toMatchObject({ kind: 'addBlock', column: 1, block: 7, rows: 7, problem: undefined });
    expect(filesOf(operation).map((f) => [f.path, f.size, f.rows, f.format?.dtype])).toEqual([
      ['col/xx/a', 10, 3, 'int64'],
      ['col/xx/b', 20, 4, 'int64'],
    ]);
  });

  test.each([
    ['h', { h: [0] }, /h has 1/],
    ['st', { st: '0' }, /st has 1/],
    ['fo', { fo: [0] }, /fo has 1/],
    ['statistics', { cs: [{ rc: 3 }, { rc: 5 }] }, /file 1 has 4 rows, its statistics say 5/],
  ])('says when %s does not fit (B2)', (_key, change, message) => {
    expect((parse(block(change)) as { problem?: string }).problem).toMatch(message);
  });

  test('without paths, sizes or rows is refused, naming the field', () => {
    expect(() => parse(block({ p: undefined }))).toThrow(/addBlock.*p is not a list/);
    expect(() => parse(block({ b: ['x', 1] }))).toThrow(/addBlock.*b is not a count/);
    expect(() => parse(block({ n: [2 ** 32, 1] }))).toThrow(/do not fit in one block/);
  });
});

test('index operations name files at any level, in both forms', () => {
  const operation = parse(
    '{"addInvertedBlock":{"i":{"l":{"p":"c/i/1","b":5,"h":3},"i":[{"t":{"p":"c/i/2","b":6}}]},"v":{"x":"c/i/","p":["3","4"],"b":[7,8],"h":[1,2]}}}',
  );
  expect(filesOf(operation).map((f) => [f.path, f.size, f.headerBytes])).toEqual([
    ['c/i/1', 5, 3],
    ['c/i/2', 6, undefined],
    ['c/i/3', 7, 1],
    ['c/i/4', 8, 2],
  ]);
});

test('unknown operations are kept with the files they name; known ones without structure are just known', () => {
  expect(parse('{"addFutureBlock":{"f":{"p":"c/1","b":2}}}')).toMatchObject({
    kind: 'unknown',
    operation: 'addFutureBlock',
    files: [{ path: 'c/1', size: 2 }],
  });
  expect(parse('{"setMetadata2":{"owner":"eA=="}}')).toEqual({ kind: 'other', operation: 'setMetadata2' });
});

test('names that JavaScript objects have of themselves are unknown operations, not code', () => {
  expect(parse('{"constructor":{}}')).toMatchObject({ kind: 'unknown', operation: 'constructor' });
  expect(parse('{"__proto__":{}}')).toMatchObject({ kind: 'unknown', operation: '__proto__' });
});

test.each([
  '[]',
  '{}',
  '{"a":1,"b":2}',
  'null',
  '{"createColumn":{"i":-1,"n":"x","t":{"k":"t"}}}',
  '{"createBranch":{"id":1}}',
  '{"deleteRows":[]}',
])('the line %s is refused', (text) => {
  expect(() => parse(text)).toThrow(Malformed);
});

test('any JSON is an operation or malformed, and deep nesting does not overflow', () => {
  const names = [
    'addBlock',
    'updateData',
    'deleteRows',
    'createColumn',
    'heavyRemap',
    'foldWal',
    'createTag',
    'mergeBranch',
    'addInvertedBlock',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.jsonValue(), (name, body) => {
      try {
        parseOperation({ [name]: body });
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }),
    { numRuns: 500 },
  );
  const deep = JSON.parse(`{"addInvertedBlock":${'['.repeat(5000)}${']'.repeat(5000)}}`) as unknown;
  expect(() => parseOperation(deep)).toThrow(/nested too deeply/);
});
