import type { Contestant } from './contestant.ts';
import { figuresOf, ratiosOf, tables } from './report.ts';
import type { Sample } from './sequence.ts';

const sample = (contestant: string, seconds: number, more: Partial<Sample> = {}): Sample => ({
  contestant,
  step: 'first',
  seconds,
  cpuSeconds: seconds * 2,
  peakBytes: 100e6,
  repositoryBytes: 5e6,
  ...more,
});
const named = (name: string, version: string): Contestant => ({ name, version }) as Contestant;

test('figures are medians of the rounds, with every round beside', () => {
  const [figure] = figuresOf([sample('kopia', 3), sample('kopia', 9), sample('kopia', 1)]);
  expect(figure).toMatchObject({ contestant: 'kopia', step: 'first', seconds: 3, cpuSeconds: 6, rounds: [3, 9, 1] });
});

test('steps and contestants are kept apart', () => {
  const figures = figuresOf([sample('kopia', 3), sample('borg', 4), sample('kopia', 5, { step: 'verify' })]);
  expect(figures.map(({ contestant, step, seconds }) => [contestant, step, seconds])).toEqual([
    ['kopia', 'first', 3],
    ['borg', 'first', 4],
    ['kopia', 'verify', 5],
  ]);
});

test('a ratio is ours by the best peer of that measure, whoever it is', () => {
  const figures = figuresOf([
    sample('tributary', 6),
    sample('kopia', 3, { repositoryBytes: 10e6 }),
    sample('borg', 4, { repositoryBytes: 4e6 }),
  ]);
  expect(ratiosOf(figures)).toEqual([{ step: 'first', seconds: 2, cpuSeconds: 2, peakBytes: 1, repositoryBytes: 1.25 }]);
});

test('without peers, or where a machine does not tell, there is no ratio', () => {
  expect(ratiosOf(figuresOf([sample('tributary', 6)]))[0]).toEqual({ step: 'first' });
  const unknown = figuresOf([sample('tributary', 6), sample('borg', 3, { cpuSeconds: undefined })]);
  expect(ratiosOf(unknown)[0]).toMatchObject({ seconds: 2, cpuSeconds: undefined });
});

test('tables have a row per contestant, one for the service and one for the ratios', () => {
  const figures = figuresOf([sample('tributary', 1.5), sample('kopia', 3), sample('kopia', 4, { step: 'verify', peakBytes: undefined })]);
  const text = tables(figures, [named('tributary', ''), named('kopia', '0.23')], { first: 2.25 });
  const seconds = text.split('\n\n')[0]!.split('\n');
  expect(seconds).toEqual([
    '| Seconds             | first | verify |',
    '| ------------------- | ----: | -----: |',
    '| tributary           |  1.50 |      - |',
    '| kopia 0.23          |  3.00 |   4.00 |',
    '| through the service |  2.25 |      - |',
    '| ours / best peer    |  0.50 |        |',
  ]);
  expect(text).toContain('| kopia 0.23       | 100.0 |      - |');
  expect(tables(figures, [named('kopia', '')])).not.toContain('through the service');
});
