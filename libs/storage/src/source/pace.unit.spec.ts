import { expect, test } from '@jest/globals';
import { Pace } from './pace.ts';

function takes(ms: number): void {
  for (const start = performance.now(); performance.now() - start < ms; );
}

test('asks blocking until an answer takes long, then patiently for a while, then blocking again', async () => {
  const pace = new Pace();
  const asked: string[] = [];
  const ask = (ms: number) =>
    pace.ask(
      () => {
        asked.push('blocking');
        takes(ms);
      },
      async () => void asked.push('patient'),
    );
  await ask(12);
  for (let i = 0; i < 201; i++) await ask(0);
  expect(asked[0]).toBe('blocking');
  expect(asked.slice(1, 201).every((how) => how === 'patient')).toBe(true);
  expect(asked[201]).toBe('blocking');
});

test('an error of a slow answer comes through and counts as slow', async () => {
  const pace = new Pace();
  const failing = (): never => {
    takes(12);
    throw new Error('gone');
  };
  expect(() => pace.ask(failing, async () => 'patient')).toThrow('gone');
  await expect(pace.ask(failing, async () => 'patient')).resolves.toBe('patient');
});

test('gives others their turn after a while, and not before', async () => {
  const pace = new Pace();
  takes(6);
  let others = false;
  setImmediate(() => {
    others = true;
  });
  await pace.breathe();
  expect(others).toBe(true);
});
