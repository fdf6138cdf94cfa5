import { Meter, type Reading, snapshotOf } from './meter.ts';
import { type KnownOperation, progressOf } from './progress-of.ts';

const told = (bytes: number, bytesTotal: number, dataset_id?: string) => ({ files: 1, filesTotal: 2, bytes, bytesTotal, dataset_id });

describe('a meter', () => {
  test('adds up what is told of each data set, the newest of each', () => {
    const meter = new Meter();
    meter.hear(told(10, 100, 'a'), 0);
    meter.hear(told(5, 50, 'b'), 0);
    meter.hear(told(20, 100, 'a'), 1);
    expect(meter.read(1)).toMatchObject({ parts: 2, objects: 2, objectsTotal: 4, bytes: 25, bytesTotal: 150, at: 1 });
  });

  test('gives the rate of the last ten seconds', () => {
    const meter = new Meter();
    for (let second = 0; second <= 20; second++) meter.hear(told(second < 10 ? 0 : (second - 10) * 1000, 1e6), second * 1000);
    expect(meter.read(20_000).bytesPerSecond).toBe(1000);
    expect(meter.read(60_000).bytesPerSecond).toBeNull();
  });

  test('has no rate before a second sample, and none when a worker began again', () => {
    const meter = new Meter();
    meter.hear(told(5000, 1e6), 0);
    expect(meter.read(0).bytesPerSecond).toBeNull();
    meter.hear(told(10, 1e6), 1000);
    expect(meter.read(1000).bytesPerSecond).toBeNull();
  });
});

test.each([
  undefined,
  null,
  5,
  {},
  { files: -1, filesTotal: 1, bytes: 1, bytesTotal: 1 },
  { files: 'x', filesTotal: 1, bytes: 1, bytesTotal: 1 },
])('%j is no snapshot', (value) => expect(snapshotOf(value)).toBeUndefined());

const operation: KnownOperation = {
  id: 'backup_x',
  kind: 'backup',
  status: 'running',
  datasets_total: 2,
  datasets_done: 0,
  objects: null,
  bytes: null,
};
const reading: Reading = { parts: 2, objects: 3, objectsTotal: 10, bytes: 400, bytesTotal: 1000, bytesPerSecond: 100, at: 5 };

describe('progress', () => {
  test('estimates the time left from the rate', () => {
    expect(progressOf(operation, reading)).toMatchObject({ ended: false, bytes_done: 400, bytes_total: 1000, eta_seconds: 6 });
  });

  test('promises no total and no end while a data set was not heard of', () => {
    expect(progressOf(operation, { ...reading, parts: 1 })).toMatchObject({ bytes_done: 400, bytes_total: null, eta_seconds: null });
    expect(progressOf(operation, undefined)).toMatchObject({ bytes_done: 0, bytes_total: null, updated_at: null });
  });

  test('does not divide by a rate of nothing', () => {
    expect(progressOf(operation, { ...reading, bytesPerSecond: 0 }).eta_seconds).toBeNull();
  });

  test.each(['completed', 'partial', 'failed', 'cancelled', 'passed', 'error', 'deleted'])(
    '%s is an end, told by the catalog alone',
    (status) => {
      const ended = progressOf({ ...operation, status, objects: 7, bytes: 900 }, undefined);
      expect(ended).toMatchObject({
        ended: true,
        eta_seconds: 0,
        objects_done: 7,
        bytes_done: 900,
        bytes_total: 900,
        bytes_per_second: null,
      });
    },
  );
});
