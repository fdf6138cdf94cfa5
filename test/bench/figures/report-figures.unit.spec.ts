import { percentile } from './percentile.ts';
import { figureLines, figureTable } from './report-figures.ts';

test('a percentile is a value that came up', () => {
  expect(percentile([3, 1, 2], 50)).toBe(2);
  expect(percentile([1, 2, 3, 4], 99)).toBe(4);
  expect(percentile([7], 1)).toBe(7);
  expect(percentile([], 50)).toBeNaN();
});

test('each line says whether what is wanted is met; the slowest filter stands for all lists', () => {
  const lists = [
    {
      backups: 1_000,
      catalog: [
        { filter: 'fast', p50_ms: 1, p99_ms: 2 },
        { filter: 'slow', p50_ms: 1, p99_ms: 31 },
      ],
      http: [{ filter: 'fast', p50_ms: 1, p99_ms: 19.96 }],
    },
  ];
  const table = figureTable(
    figureLines({ append: { events_per_second: 5_000, p99_ms: 9 }, relay: { events_per_second: 999.6, p50_ms: 5, p99_ms: 101 }, lists }),
  );
  const rows = table.split('\n').map((line) =>
    line
      .slice(2, -2)
      .split(/ +\| /)
      .map((cell) => cell.trim()),
  );
  expect(rows.slice(2)).toEqual([
    ['append, 16 writers', '5000 events/s', 'at least 5000 events/s', 'yes'],
    ['append, 99 of 100 within', '9.0 ms', '', ''],
    ['relay lag at events/s', '1000 events/s', '', ''],
    ['relay lag, median', '5.0 ms', '', ''],
    ['relay lag, 99 of 100 within', '101 ms', 'at most 100 ms', 'no'],
    ['lists of 1000 backups, slowest filter (slow), 99 of 100', '31.0 ms', 'at most 20 ms', 'no'],
    ['the same over HTTP (fast)', '20.0 ms', 'at most 20 ms', 'yes'],
  ]);
  expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1);
});
