import { curveTable, growthOf } from './curve.ts';

const point = (size: number, cpuSeconds: number, step = 'list') => ({ size, step, seconds: 2 * cpuSeconds, cpuSeconds, peakBytes: 50e6 });

test('growth is 1 in proportion, 2 with the square, 0 for what costs the same, by the last two sizes', () => {
  expect(growthOf([point(10, 9), point(100, 0.5), point(1000, 5)])).toBeCloseTo(1);
  expect(growthOf([point(10, 0.1), point(100, 10)])).toBeCloseTo(2);
  expect(growthOf([point(10, 3), point(100, 3)])).toBeCloseTo(0);
  expect(growthOf([point(10, 3)])).toBeUndefined();
  expect(growthOf([point(10, 0), point(100, 0)])).toBeCloseTo(0);
});

test('a table has a row per step and a column per size, in whatever order they were measured', () => {
  const table = curveTable([point(1000, 5), point(100, 0.5), { size: 100, step: 'plan', seconds: 1 }], 'objects').split('\n');
  expect(table).toEqual([
    '|  | 100 objects | 1,000 objects | growth |',
    '| --- | ---: | ---: | ---: |',
    '| list | 1.00 s, 0.50 CPU, 50 MB | 10.00 s, 5.00 CPU, 50 MB | 1.00 |',
    '| plan | 1.00 s |  |  |',
  ]);
});
