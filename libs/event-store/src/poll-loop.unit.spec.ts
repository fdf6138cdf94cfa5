import { setTimeout as pause } from 'node:timers/promises';
import { PollLoop } from './poll-loop.ts';

test('rounds follow each other at once while there is more, and never overlap', async () => {
  let [left, inside, most] = [5, 0, 0];
  const loop = new PollLoop({
    pollMs: 60_000,
    round: async () => {
      most = Math.max(most, ++inside);
      await pause(1);
      inside -= 1;
      return --left > 0;
    },
  });
  loop.start();
  loop.start();
  while (left > 0) await pause(2);
  await loop.stop();
  expect([left, most]).toEqual([0, 1]);
});

test('a nudge during a round is not lost', async () => {
  let rounds = 0;
  const loop = new PollLoop({
    pollMs: 60_000,
    round: async () => {
      rounds += 1;
      if (rounds === 1) loop.nudge();
      return false;
    },
  });
  loop.start();
  await pause(20);
  await loop.stop();
  expect(rounds).toBe(2);
});

test('after failures it waits longer and nudges do not hurry it; after success it is quick again', async () => {
  const at: number[] = [];
  const loop = new PollLoop({
    pollMs: 20,
    onError: () => undefined,
    round: async () => {
      at.push(performance.now());
      if (at.length <= 3) throw new Error('no');
      return false;
    },
  });
  loop.start();
  while (at.length < 4) {
    loop.nudge();
    await pause(1);
  }
  await loop.stop();
  const gaps = at.slice(1).map((time, i) => time - at[i]!);
  expect(gaps[0]).toBeGreaterThanOrEqual(18);
  expect(gaps[1]).toBeGreaterThanOrEqual(38);
  expect(gaps[2]).toBeGreaterThanOrEqual(78);
});

test('an error handler may stop it, stop ends a long wait, and it can be started again', async () => {
  let rounds = 0;
  const loop = new PollLoop({
    pollMs: 60_000,
    onError: () => 'stop',
    round: async () => {
      rounds += 1;
      if (rounds === 2) throw new Error('no');
      return false;
    },
  });
  loop.start();
  await pause(5);
  await loop.stop();
  loop.start();
  await pause(5);
  loop.nudge();
  await loop.stop();
  loop.start();
  await pause(5);
  await loop.stop();
  expect(rounds).toBe(3);
});
