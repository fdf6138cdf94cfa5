import { UsageError } from '../errors.ts';
import { choice, flag, integer, mapping, names, percent, text, time } from './option.ts';
import { distance, parseVerb, splitVerb } from './parse.ts';
import { verb } from './verb.ts';

const sample = verb({
  name: 'sample <id> [path]',
  summary: 'For tests',
  examples: [],
  options: {
    noWait: flag('f'),
    tenantId: text('T', 't'),
    type: choice(['full', 'incremental'], 'full', 'c'),
    limit: integer({ min: 1, max: 10, fallback: 5 }, 'N', 'i'),
    datasetIds: names('A,B …', 'n'),
    map: mapping('JSON', 'm'),
    asOf: time('TIME', 'w'),
    share: percent('P%', 'p'),
    version: text('V', 'its own'),
  },
  run: async () => {},
});

const parse = (...argv: string[]) => parseVerb(sample, argv).args;
const problemOf = (...argv: string[]): string => {
  try {
    parse(...argv);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message;
  }
  return 'no problem';
};

test('words and options come in any order, by their camel-case names', () => {
  const expected = { id: 'x', path: 'a/b', noWait: true, tenantId: 't', type: 'incremental', limit: 7 };
  expect(parse('x', 'a/b', '--no-wait', '--tenant-id', 't', '--type', 'incremental', '--limit', '7')).toMatchObject(expected);
  expect(parse('--limit=7', '--tenant-id=t', 'x', '--no-wait', 'a/b', '--type=incremental')).toMatchObject(expected);
});

test('what is not given has its fallback', () => {
  expect(parse('x')).toEqual({
    id: 'x',
    noWait: false,
    type: 'full',
    limit: 5,
    tenantId: undefined,
    datasetIds: undefined,
    map: undefined,
    asOf: undefined,
    share: undefined,
    version: undefined,
  });
});

test.each([
  [
    ['--dataset-ids', 'a,b', 'c'],
    ['a', 'b', 'c'],
  ],
  [
    ['--dataset-ids', 'a,b'],
    ['a', 'b'],
  ],
  [['--dataset-ids=a,b'], ['a', 'b']],
  [['--dataset-ids', 'a', '--no-wait'], ['a']],
])('names of %j are %j', (argv, expected) => {
  expect(parse('x', ...argv)).toMatchObject({ id: 'x', datasetIds: expected });
});

test('values keep what looks like something else', () => {
  expect(parse('x', '--tenant-id', '--odd')).toMatchObject({ tenantId: '--odd' });
  expect(parse('x', '--tenant-id=a=b')).toMatchObject({ tenantId: 'a=b' });
  expect(parse('x', '--tenant-id=')).toMatchObject({ tenantId: '' });
  expect(parse('--', '--x', '-y')).toMatchObject({ id: '--x', path: '-y' });
  expect(parse('-')).toMatchObject({ id: '-' });
  expect(parse('x', '--map', '{"a":"b"}', '--as-of', '2026-01-31', '--share', '5%')).toMatchObject({
    map: { a: 'b' },
    asOf: '2026-01-31T00:00:00.000Z',
    share: 5,
  });
  expect(parse('x', '--as-of', '2026-01-31T12:00:00+02:00')).toMatchObject({ asOf: '2026-01-31T10:00:00.000Z' });
});

test.each([
  [[], 'ID is missing. See: dr sample --help'],
  [['x', 'y', 'z'], '"z" is one word too many.'],
  [['x', '--tenantid', 't'], 'There is no option --tenantid. Did you mean --tenant-id?'],
  [['x', '--qqqqqqqqq'], 'There is no option --qqqqqqqqq. See'],
  [['x', '-v'], 'There is no option -v.'],
  [['x', '--limit'], '--limit needs N.'],
  [['x', '--dataset-ids', '--no-wait'], '--dataset-ids needs A,B …'],
  [['x', '--dataset-ids', ','], 'names nothing'],
  [['x', '--limit', '11'], '--limit 11: must be a whole number from 1 to 10.'],
  [['x', '--limit', '1e1'], 'must be a whole number'],
  [['x', '--type', 'half'], '--type half: must be one of full, incremental.'],
  [['x', '--no-wait=yes'], '--no-wait takes no value.'],
  [['x', '--limit', '1', '--limit', '2'], '--limit is given twice.'],
  [['x', '--map', '{"a":1}'], 'must be a JSON object of names'],
  [['x', '--map', '[]'], 'must be a JSON object of names'],
  [['x', '--map', '{'], 'must be a JSON object of names'],
  [['x', '--as-of', 'yesterday'], 'must be a time such as'],
  [['x', '--as-of', '2026-01-31T12:00:00'], 'must be a time such as'],
  [['x', '--share', '0%'], 'must be a share'],
  [['x', '--share', '101'], 'must be a share'],
])('%j is refused in words', (argv, expected) => {
  expect(problemOf(...argv)).toContain(expected);
});

test('global options stand before or behind the verb; --help wins over what is missing', () => {
  expect(splitVerb(['--repo', '/r', '--json', 'sample', 'x', '--no-wait'])).toMatchObject({
    word: 'sample',
    rest: ['x', '--no-wait'],
    globals: { repo: '/r', json: true, help: false },
  });
  expect(parseVerb(sample, ['x', '--repo=/r', '--passphrase-file', 'p']).globals).toEqual({ repo: '/r', passphraseFile: 'p' });
  expect(parseVerb(sample, ['--help']).globals).toEqual({ help: true });
  expect(parseVerb(sample, ['-h']).globals).toEqual({ help: true });
  expect(splitVerb([])).toMatchObject({ word: undefined });
  expect(() => splitVerb(['--limit', '3', 'sample'])).toThrow(UsageError);
});

test("--version is the verb's own behind a verb that has it", () => {
  expect(parse('x', '--version', 'main')).toMatchObject({ version: 'main' });
  expect(splitVerb(['--version']).globals.version).toBe(true);
});

test.each([
  ['a', 'a', 0],
  ['list', 'lits', 2],
  ['', 'abc', 3],
  ['verify', 'verfy', 1],
])('%s and %s are %i letters apart', (a, b, expected) => {
  expect(distance(a, b)).toBe(expected);
  expect(distance(b, a)).toBe(expected);
});
