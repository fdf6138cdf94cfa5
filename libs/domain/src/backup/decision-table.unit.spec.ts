import { backupDecider } from '../deciders.ts';
import { decisionTable } from '../testing/decision-table.ts';
import { articles, backupRequested, backupStarted, commit, requestBackup, sealed, tombstone } from '../testing/samples.ts';
import type { BackupCommand } from './commands.ts';
import type { BackupEvent } from './events.ts';

const requested = backupRequested([articles]);
const cancelRequested: BackupEvent = { type: 'BackupCancelRequested', data: { by: 'key_1' } };
const failed: BackupEvent = { type: 'BackupFailed', data: { code: 'a.b', message: 'c' } };

const pasts: Record<string, BackupEvent[]> = {
  absent: [],
  pending: [requested],
  running: [requested, backupStarted],
  cancelling: [requested, backupStarted, cancelRequested],
  completed: [requested, backupStarted, sealed('completed', 1)],
  failed: [requested, backupStarted, failed],
  cancelled: [requested, cancelRequested, { type: 'BackupCancelled', data: {} }],
};

const commands: Record<string, BackupCommand> = {
  request: requestBackup([articles]),
  start: { kind: 'start' },
  captures: { kind: 'recordCaptures', done: 1, failed: 0 },
  cancel: { kind: 'requestCancel', by: 'key_1' },
  commit: { kind: 'recordDecision', decision: commit({ articles: 'completed' }) },
  'tombstone failed': { kind: 'recordDecision', decision: tombstone('failed') },
  'tombstone cancelled': { kind: 'recordDecision', decision: tombstone('cancelled') },
  verified: { kind: 'recordVerification', verificationId: 'v1', ok: true, at: '2026-03-01T13:00:00Z' },
};

const absent = '! absent';
const contradicts = '! decision_contradicts';
const decided = { commit: 'BackupSealed', 'tombstone failed': 'BackupFailed', 'tombstone cancelled': 'BackupCancelled' };
const open = { request: '-', captures: 'BackupCapturesEnded', ...decided, verified: '! not_sealed' };

/** Every state against every command. A new state or command is a new row or column here: decide what comes of it. */
test('what a backup answers, in every state, to every command', () =>
  expect(decisionTable(backupDecider, pasts, commands)).toEqual({
    absent: {
      ...{ start: absent, captures: absent, cancel: absent, commit: absent, verified: absent },
      ...{ request: 'BackupRequested', 'tombstone failed': absent, 'tombstone cancelled': absent },
    },
    pending: { ...open, start: 'BackupStarted', cancel: 'BackupCancelRequested' },
    running: { ...open, start: '-', cancel: 'BackupCancelRequested' },
    cancelling: { ...open, start: '-', cancel: '-' },
    completed: {
      ...{ request: '-', start: '-', captures: '-', cancel: '! already_decided', verified: 'BackupVerified' },
      ...{ commit: '-', 'tombstone failed': contradicts, 'tombstone cancelled': contradicts },
    },
    failed: {
      ...{ request: '-', start: '-', captures: '-', cancel: '! already_decided', verified: '! not_sealed' },
      ...{ commit: contradicts, 'tombstone failed': '-', 'tombstone cancelled': contradicts },
    },
    cancelled: {
      ...{ request: '-', start: '-', captures: '-', cancel: '-', verified: '! not_sealed' },
      ...{ commit: contradicts, 'tombstone failed': contradicts, 'tombstone cancelled': '-' },
    },
  }));
