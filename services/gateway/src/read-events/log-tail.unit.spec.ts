/** What the tail of the log keeps in memory: the newest events without a hole, and never more than it may. */
import type { StoredEvent } from '@dr/event-store';
import type { House } from '@dr/service';
import { LogTail } from './log-tail.ts';

/** Events `from` to `to` with so many characters in each. */
const events = (from: number, to: number, size = 1): StoredEvent[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ position: from + i, data: { text: 'x'.repeat(size) } }) as unknown as StoredEvent);

function tailOf(...batches: StoredEvent[][]) {
  const tail = new LogTail({} as House);
  for (const batch of batches) tail['keep'](batch);
  const positions = tail['kept'].map(({ event }) => event.position);
  return { tail, positions };
}

test('batches that join are kept as one, one that was read already adds nothing, and a hole begins anew', () => {
  expect(tailOf(events(1, 3), events(4, 5), events(4, 6)).positions).toEqual([1, 2, 3, 4, 5]);
  expect(tailOf(events(1, 3), events(9, 10)).positions).toEqual([9, 10]);
});

test('small ones are kept by number', () => {
  const { positions } = tailOf(...[0, 1, 2, 3, 4].map((n) => events(1 + 500 * n, 500 * (n + 1))));
  expect([positions.length, positions[0], positions.at(-1)]).toEqual([2_000, 501, 2_500]);
});

test('large ones are kept by their bytes', () => {
  const { positions } = tailOf(events(1, 40, 900_000), events(41, 60, 900_000));
  expect([positions.length, positions.at(-1)]).toEqual([35, 60]);
});

test('what is kept is given without reading the log', async () => {
  const { tail } = tailOf(events(11, 20));
  expect((await tail.after(14)).map(({ position }) => position)).toEqual([15, 16, 17, 18, 19, 20]);
  expect((await tail.after(10)).length).toBe(10);
});
