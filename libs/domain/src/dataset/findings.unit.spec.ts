import { FINDINGS_MAX } from '../limits.ts';
import { v4 } from '../testing/samples.ts';
import { causeOf, countFindings, fitting, mostSevere } from './findings.ts';

test('findings are counted by severity', () => {
  expect(countFindings([v4('A'), v4('B', 'warning'), v4('C'), v4('D', 'info')])).toEqual({ error: 2, warning: 1, info: 1 });
  expect(countFindings([])).toEqual({ error: 0, warning: 0, info: 0 });
});

describe('what is kept', () => {
  test('stays in its order within a severity, errors first', () => {
    const findings = [v4('1', 'info'), v4('2'), v4('3', 'warning'), v4('4'), v4('5', 'info')];
    expect(mostSevere(findings).map((finding) => finding.code)).toEqual(['2', '4', '3', '1', '5']);
  });
  test('is as many as allowed, and one more is one too many', () => {
    const many = (n: number) => Array.from({ length: n }, (_, i) => v4(`${i}`));
    expect(mostSevere(many(FINDINGS_MAX))).toHaveLength(FINDINGS_MAX);
    expect(mostSevere(many(FINDINGS_MAX + 1))).toHaveLength(FINDINGS_MAX);
  });
  test('is nothing rather than a finding that alone would burst the event', () => {
    expect(fitting([{ message: 'x'.repeat(600_000) }, { message: 'y' }])).toEqual([]);
    expect(fitting([{ message: 'y' }, { message: 'x'.repeat(600_000) }])).toEqual([{ message: 'y' }]);
  });
});

describe('the cause in one sentence', () => {
  test('is the first error, with its place', () =>
    expect(causeOf([v4('W', 'warning'), v4('T6')])).toBe('v4 T6 in _txn/7: the log names a file that is not there'));
  test('without a place for the whole data set', () =>
    expect(causeOf([{ ...v4('T6'), path: '' }])).toBe('v4 T6: the log names a file that is not there'));
  test('says how many more there are, also those that were not kept', () => expect(causeOf([v4('T6')], 41)).toContain('(and 40 more)'));
  test('says at least their number when none was kept', () => expect(causeOf([], 3)).toBe('3 errors were found.'));
  test('is none for warnings', () => expect(causeOf([v4('W', 'warning')])).toBeUndefined());
});
