import { backupDecider } from '../deciders.ts';
import { decisionTable } from '../testing/decision-table.ts';
import { articles, backupRequested, backupStarted, commit, requestBackup, sealed, tombstone } from '../testing/samples.ts';
import type { BackupCommand } from './commands.ts';
import type { BackupEvent } from './events.ts';

const requested = backupRequested([articles]);
const cancelRequested: BackupEvent = { type: 'BackupCancelRequested', data: { by: 'key_1' } };
const failed: BackupEvent = { type: 'BackupFailed', data: { code: 'a.b', message: 'c' } };

const deleteRequested: BackupEvent = { type: 'BackupDeleteRequested', data: { by: 'key_1', force: false } };
const deleted: BackupEvent = { type: 'BackupDeleted', data: { purgeAfter: '2026-03-08T12:00:00Z' } };
const completed = [requested, backupStarted, sealed('completed', 1)];

const pasts: Record<string, BackupEvent[]> = {
  absent: [],
  pending: [requested],
  running: [requested, backupStarted],
  cancelling: [requested, backupStarted, cancelRequested],
  completed,
  deleting: [...completed, deleteRequested],
  deleted: [...completed, deleteRequested, deleted],
  undeleted: [...completed, deleteRequested, deleted, { type: 'BackupUndeleted', data: { by: 'key_1' } }],
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
  delete: { kind: 'requestDelete', by: 'key_1', force: false },
  gone: { kind: 'recordDeleted', purgeAfter: '2026-03-08T12:00:00Z' },
  undelete: { kind: 'undelete', by: 'key_1' },
};

const absent = '! absent';
const contradicts = '! decision_contradicts';
const decided = { commit: 'BackupSealed', 'tombstone failed': 'BackupFailed', 'tombstone cancelled': 'BackupCancelled' };
const open = {
  ...{ request: '-', captures: 'BackupCapturesEnded', ...decided, verified: '! not_sealed' },
  ...{ delete: '! running', gone: '-', undelete: '! not_deleted' },
};
const ended = { delete: 'BackupDeleteRequested', gone: '-', undelete: '! not_deleted' };
const sealedAnswers = {
  ...{ request: '-', start: '-', captures: '-', cancel: '! already_decided', verified: 'BackupVerified' },
  ...{ commit: '-', 'tombstone failed': contradicts, 'tombstone cancelled': contradicts },
};

/** Every state against every command. A new state or command is a new row or column here: decide what comes of it. */
test('what a backup answers, in every state, to every command', () =>
  expect(decisionTable(backupDecider, pasts, commands)).toEqual({
    absent: {
      ...{ start: absent, captures: absent, cancel: absent, commit: absent, verified: absent },
      ...{ request: 'BackupRequested', 'tombstone failed': absent, 'tombstone cancelled': absent },
      ...{ delete: absent, gone: absent, undelete: absent },
    },
    pending: { ...open, start: 'BackupStarted', cancel: 'BackupCancelRequested' },
    running: { ...open, start: '-', cancel: 'BackupCancelRequested' },
    cancelling: { ...open, start: '-', cancel: '-' },
    completed: { ...sealedAnswers, ...ended },
    deleting: { ...sealedAnswers, delete: '-', gone: 'BackupDeleted', undelete: 'BackupUndeleted' },
    deleted: { ...sealedAnswers, delete: '-', gone: '-', undelete: 'BackupUndeleted' },
    undeleted: { ...sealedAnswers, delete: 'BackupDeleteRequested', gone: '-', undelete: '-' },
    failed: {
      ...{ request: '-', start: '-', captures: '-', cancel: '! already_decided', verified: '! not_sealed' },
      ...{ commit: contradicts, 'tombstone failed': '-', 'tombstone cancelled': contradicts },
      ...ended,
    },
    cancelled: {
      ...{ request: '-', start: '-', captures: '-', cancel: '-', verified: '! not_sealed' },
      ...{ commit: contradicts, 'tombstone failed': contradicts, 'tombstone cancelled': '-' },
      ...ended,
    },
  }));
