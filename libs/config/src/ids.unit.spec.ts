import { newBackupId, newRestoreId, newVerificationId, requestedAt, stateAt, uuidv7 } from './ids.ts';

const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

test('ids of operations carry the UTC time and eight hex digits', () => {
  expect(newBackupId(now)).toMatch(/^backup_20260102_030405_[0-9a-f]{8}$/);
  expect(newRestoreId(now)).toMatch(/^restore_20260102_030405_[0-9a-f]{8}$/);
  expect(newVerificationId(now)).toMatch(/^verification_20260102_030405_[0-9a-f]{8}$/);
});

test('a thousand ids of one second differ', () => {
  expect(new Set(Array.from({ length: 1000 }, () => newBackupId(now))).size).toBe(1000);
});

test('a UUID of version 7 has its version, variant and time, and sorts by time', () => {
  expect(uuidv7(now)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(uuidv7(now).replace('-', '').slice(0, 12), 16)).toBe(now);
  const ids = [3, 1, 2].map((ms) => uuidv7(now + ms));
  expect([...ids].sort()).toEqual([ids[1], ids[2], ids[0]]);
});

test('the time of a request stands in the id of a backup', () => {
  expect(requestedAt('backup_20260102_030405_0a1b2c3d')).toBe('2026-01-02T03:04:05.000Z');
  expect(['latest', 'backup_20261399_030405_0a1b2c3d', 'restore_20260102_030405_0a1b2c3d'].map(requestedAt)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('the state of a backup is of its request, that of a promoted snapshot of the snapshot', () => {
  const timestamp = '2026-02-01T00:00:00.000Z';
  expect(stateAt({ timestamp })).toBe(timestamp);
  expect(stateAt({ timestamp, metadata: null })).toBe(timestamp);
  expect(stateAt({ timestamp, metadata: { promoted_from: 'backup_20260102_030405_0a1b2c3d' } })).toBe('2026-01-02T03:04:05.000Z');
  expect(stateAt({ timestamp, metadata: { promoted_from: 'something else' } })).toBe(timestamp);
});
