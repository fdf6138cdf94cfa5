import { BACKUP_ID, v4 } from '../testing/samples.ts';
import { decisionFrom, tombstoneReason } from './stored-decision.ts';

const stored = {
  kind: 'commit',
  backupId: BACKUP_ID,
  checksum: 'c',
  storagePath: 'p',
  createdAtMs: Date.UTC(2026, 2, 1, 12),
  storedBytes: 7,
} as const;
const sizes = { objects: 2, bytes: 30, newBytes: 5 };

test('a commit sums its data sets and keeps what they lack', () => {
  const datasets = [
    { datasetId: 'a', status: 'completed', ...sizes },
    { datasetId: 'b', status: 'partial', ...sizes, cause: 'torn' },
    { datasetId: 'c', status: 'partial', ...sizes, findings: [v4('W1', 'warning'), v4('T6'), v4('T7')] },
  ];
  expect(decisionFrom({ ...stored, datasets })).toEqual({
    kind: 'commit',
    backupId: BACKUP_ID,
    checksum: 'c',
    storagePath: 'p',
    committedAt: '2026-03-01T12:00:00.000Z',
    objects: 6,
    bytes: 90,
    newBytes: 15,
    storedBytes: 7,
    datasets: [
      { datasetId: 'a', status: 'completed' },
      { datasetId: 'b', status: 'partial', cause: 'torn' },
      { datasetId: 'c', status: 'partial', cause: 'v4 T6 in _txn/7: the log names a file that is not there (and 1 more)' },
    ],
  });
});

test.each([
  'cancelled' as const,
  { code: 'store.unavailable', message: 'The disk is full: 0 bytes left.' },
  { code: 'backup.nothing_captured', message: 'line one\nline two' },
])('the reason of a tombstone comes back: %j', (why) => {
  const decision = decisionFrom({ kind: 'tombstone', backupId: BACKUP_ID, reason: tombstoneReason(why) });
  expect(decision).toEqual({
    kind: 'tombstone',
    backupId: BACKUP_ID,
    ...(why === 'cancelled' ? { reason: why } : { reason: 'failed', ...why }),
  });
});

test('a tombstone of another writer is a failure with his words', () => {
  const decision = decisionFrom({ kind: 'tombstone', backupId: BACKUP_ID, reason: 'gave up after 3 days' });
  expect(decision).toMatchObject({ reason: 'failed', code: 'backup.given_up', message: 'gave up after 3 days' });
});
