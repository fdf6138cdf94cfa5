import { backupDecider } from '../deciders.ts';
import { DATASETS_MAX } from '../limits.ts';
import { specFor } from '../testing/given.ts';
import {
  articles,
  BACKUP_ID,
  backupRequested,
  backupStarted,
  commit,
  requestBackup,
  sealed,
  support,
  tombstone,
} from '../testing/samples.ts';
import type { BackupCommand, CommitDecision, RequestBackup, TombstoneDecision } from './commands.ts';
import { isUsable, isVerifiedGood } from './decide-deletion.ts';
import type { BackupEvent } from './events.ts';

const { given, stateAfter } = specFor(backupDecider);
const start: BackupCommand = { kind: 'start' };
const cancel: BackupCommand = { kind: 'requestCancel', by: 'key_1' };
const record = (decision: CommitDecision | TombstoneDecision): BackupCommand => ({ kind: 'recordDecision', decision });
const captures = (done: number, failed: number): BackupCommand => ({ kind: 'recordCaptures', done, failed });
const cancelRequested: BackupEvent = { type: 'BackupCancelRequested', data: { by: 'key_1' } };
const verified = (ok: boolean): BackupEvent => ({ type: 'BackupVerified', data: { verificationId: 'v1', ok, at: '2026-03-01T13:00:00Z' } });
const verify = (ok: boolean): BackupCommand => ({ kind: 'recordVerification', verificationId: 'v1', ok, at: '2026-03-01T13:00:00Z' });
const failed: BackupEvent = { type: 'BackupFailed', data: { code: 'store.unavailable', message: 'The disk is full.' } };
const cancelled: BackupEvent = { type: 'BackupCancelled', data: {} };

describe('a backup that the log did not know', () => {
  const found = {
    backupId: BACKUP_ID,
    tenant: 'acme',
    backupType: 'full',
    datasets: [articles],
    decidedAt: '2026-03-01T12:00:00Z',
  } as const;
  const recovered: BackupEvent = { type: 'BackupRecovered', data: found };
  const recover: BackupCommand = { kind: 'recover', ...found };
  test('is recovered with what its decision says, and ends by it', () => {
    given().when(recover).then(recovered);
    given(recovered)
      .when(record(commit({ articles: 'completed' })))
      .then(sealed('completed', 1));
    given(recovered)
      .when(record(tombstone('cancelled')))
      .then(cancelled);
  });
  test('is recovered once, and never in the place of a request', () => {
    given(recovered).when(recover).then();
    given(recovered, sealed('completed', 1)).when(recover).then();
    given(backupRequested()).when(recover).then();
  });
  test('can be deleted and verified as any other', () => {
    const state = stateAfter(recovered, sealed('completed', 1));
    expect(isUsable(state)).toBe(true);
    expect(state).toMatchObject({ status: 'completed', request: { requestedBy: 'recovery', tenant: 'acme' } });
  });
});

describe('a request', () => {
  test('is recorded as it was asked', () => given().when(requestBackup()).then(backupRequested()));
  test('asked twice is recorded once', () => given(backupRequested()).when(requestBackup()).then());
  test('asked twice is the same with an absent field written as undefined', () =>
    given(backupRequested())
      .when(requestBackup(undefined, { parentId: undefined }))
      .then());
  test('with the id of another one is refused', () =>
    given(backupRequested())
      .when(requestBackup([articles]))
      .thenThrows('wrong_state.backup_exists'));
  test('that selects nothing fails', () => given().when(requestBackup([])).thenThrows('backup.nothing_selected'));
  test('that selects a data set twice fails', () =>
    given()
      .when(requestBackup([articles, { ...articles, n: 2 }]))
      .thenThrows('backup.dataset_twice'));
  test('whose data sets are not numbered from 1 fails, since the numbers name their streams', () =>
    given()
      .when(requestBackup([support]))
      .thenThrows('backup.bad_numbering'));
  test('of more data sets than one backup takes fails', () => {
    const many = Array.from({ length: DATASETS_MAX + 1 }, (_, i) => ({ ...articles, n: i + 1, datasetId: `d${i}` }));
    given().when(requestBackup(many)).thenThrows('backup.too_many_datasets');
  });
  test('that would not fit into an event fails before anything is done', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => ({ ...articles, n: i + 1, datasetId: `${'long'.repeat(200)}${i}` }));
    given().when(requestBackup(many)).thenThrows('backup.too_large');
  });
  test('gives the first and only command that an unknown backup takes', () => {
    for (const command of [start, cancel, captures(1, 0), record(commit({})), verify(true)]) {
      given().when(command).thenThrows('wrong_state.backup_absent');
    }
  });
});

describe('the work', () => {
  test('starts once', () => {
    given(backupRequested()).when(start).then(backupStarted);
    given(backupRequested(), backupStarted).when(start).then();
  });
  test('does not start after a cancel was asked for', () => given(backupRequested(), cancelRequested).when(start).then());
  test('does not start after the end', () => given(backupRequested(), cancelled).when(start).then());
  test('counts its captures when all have a result', () =>
    given(backupRequested(), backupStarted)
      .when(captures(1, 1))
      .then({ type: 'BackupCapturesEnded', data: { done: 1, failed: 1 } }));
  test.each([
    [1, 0],
    [2, 1],
    [3, -1],
  ])('refuses %i done and %i failed of two expected', (done, wrong) =>
    given(backupRequested(), backupStarted).when(captures(done, wrong)).thenThrows('backup.captures_incomplete'),
  );
  test('counts the same twice, but never two ways', () => {
    const counted: BackupEvent = { type: 'BackupCapturesEnded', data: { done: 2, failed: 0 } };
    given(backupRequested(), backupStarted, counted).when(captures(2, 0)).then();
    given(backupRequested(), backupStarted, counted, sealed('completed', 2)).when(captures(2, 0)).then();
    given(backupRequested(), backupStarted, counted).when(captures(1, 1)).thenThrows('wrong_state.backup_captures_counted');
  });
  test('counts nothing any more after the end', () => given(backupRequested(), failed).when(captures(2, 0)).then());
});

describe('a commit in storage', () => {
  const running = [backupRequested(), backupStarted];
  test('with everything intact completes the backup', () =>
    given(...running)
      .when(record(commit({ articles: 'completed', support: 'completed' })))
      .then(sealed('completed', 2)));
  test('with one torn data set makes it partial and names it with its cause', () =>
    given(...running)
      .when(record(commit({ articles: 'completed', support: 'partial' })))
      .then(sealed('partial', 2, [{ datasetId: 'support', cause: 'v4 T6' }])));
  test('without a data set that was expected makes it partial', () =>
    given(...running)
      .when(record(commit({ articles: 'completed' })))
      .then(sealed('partial', 2, [{ datasetId: 'support', cause: 'The commit does not hold it.' }])));
  test('with a data set that was not expected does not count it', () =>
    given(...running)
      .when(record(commit({ articles: 'completed', support: 'completed', stranger: 'completed' })))
      .then(sealed('completed', 2)));
  test('with a status word of another writer never counts as intact', () =>
    given(...running)
      .when(record(commit({ articles: 'completed', support: 'Completed!' })))
      .then(sealed('partial', 2, [{ datasetId: 'support', cause: 'It is in the commit as Completed!.' }])));
  test('wins over a cancel', () =>
    given(...running, cancelRequested)
      .when(record(commit({ articles: 'completed', support: 'completed' })))
      .then(sealed('completed', 2)));
  test('counts even when nobody recorded that the work began', () =>
    given(backupRequested([articles]))
      .when(record(commit({ articles: 'completed' })))
      .then(sealed('completed', 1)));
  test('is recorded once', () =>
    given(...running, sealed('completed', 2))
      .when(record(commit({})))
      .then());
  test('of another backup is refused', () =>
    given(...running)
      .when(record(commit({}, { backupId: 'backup_other' })))
      .thenThrows('backup.foreign_decision'));
  test('names all data sets it lacks, however many, and the event stays small', () => {
    const many = Array.from({ length: 8_000 }, (_, i) => ({ n: i + 1, datasetId: `set-${i}`, format: 'v4', path: `t/set-${i}` }) as const);
    const command = record({
      ...commit({}),
      datasets: many.map((d) => ({ datasetId: d.datasetId, status: 'partial', cause: 'x'.repeat(5_000) })),
    });
    const [event] = backupDecider.decide(stateAfter(backupRequested(many)), command);
    expect(event).toMatchObject({ data: { outcome: 'partial', done: 0, expected: 8_000 } });
    expect(event?.type === 'BackupSealed' && event.data.missing.map((m) => m.datasetId)).toEqual(many.map((d) => d.datasetId));
    expect(JSON.stringify(event).length).toBeLessThan(700_000);
  });
});

describe('a tombstone in storage', () => {
  test('of a cancel cancels the backup', () =>
    given(backupRequested(), backupStarted, cancelRequested)
      .when(record(tombstone('cancelled')))
      .then(cancelled));
  test('of a failure fails it, with the cause', () =>
    given(backupRequested(), backupStarted)
      .when(record(tombstone('failed', { code: 'store.unavailable', message: 'The disk is full.' })))
      .then(failed));
  test('fails it although somebody had asked to cancel, if that is what storage says', () =>
    given(backupRequested(), cancelRequested)
      .when(record(tombstone('failed')))
      .then({ type: 'BackupFailed', data: { code: 'backup.given_up', message: 'The backup was given up.' } }));
  test('is recorded once', () => {
    given(backupRequested(), failed)
      .when(record(tombstone('failed')))
      .then();
    given(backupRequested(), cancelled)
      .when(record(tombstone('cancelled')))
      .then();
  });
});

describe('an end is final', () => {
  test.each<[string, BackupEvent, CommitDecision | TombstoneDecision]>([
    ['completed, then a tombstone', sealed('completed', 2), tombstone('failed')],
    ['completed, then another commit', sealed('completed', 2), commit({}, { checksum: 'd'.repeat(64) })],
    ['failed, then a commit', failed, commit({ articles: 'completed', support: 'completed' })],
    ['failed, then cancelled', failed, tombstone('cancelled')],
    ['cancelled, then failed', cancelled, tombstone('failed')],
  ])('%s: refused as a contradiction', (_, end, decision) =>
    given(backupRequested(), end).when(record(decision)).thenThrows('wrong_state.backup_decision_contradicts'),
  );
  test('a cancel is a wish once, nothing when it came true, and refused when it came too late', () => {
    given(backupRequested()).when(cancel).then(cancelRequested);
    given(backupRequested())
      .when({ ...cancel, reasonDigest: 'f00' })
      .then({ type: 'BackupCancelRequested', data: { by: 'key_1', reasonDigest: 'f00' } });
    given(backupRequested(), cancelRequested)
      .when({ ...cancel, by: 'key_2' })
      .then();
    given(backupRequested(), cancelled).when(cancel).then();
    for (const end of [failed, sealed('completed', 2), sealed('partial', 2)]) {
      given(backupRequested(), end).when(cancel).thenThrows('wrong_state.backup_already_decided');
    }
  });
  test('its error says what was wished, what is, and carries the status', () => {
    const late = () => backupDecider.decide(stateAfter(backupRequested(), sealed('partial', 2)), cancel);
    expect(late).toThrow(`Cannot cancel: backup ${BACKUP_ID} is partial already.`);
    expect(late).toThrow(expect.objectContaining({ name: 'WrongState', details: { status: 'partial' } }));
  });
});

describe('a deletion', () => {
  const done = [backupRequested(), sealed('completed', 2)];
  const wish: BackupCommand = { kind: 'requestDelete', by: 'key_1', force: false };
  const wished: BackupEvent = { type: 'BackupDeleteRequested', data: { by: 'key_1', force: false } };
  const gone: BackupCommand = { kind: 'recordDeleted', purgeAfter: '2026-03-08T12:00:00Z' };
  const deleted: BackupEvent = { type: 'BackupDeleted', data: { purgeAfter: '2026-03-08T12:00:00Z' } };
  const undelete: BackupCommand = { kind: 'undelete', by: 'key_2' };
  const undeleted: BackupEvent = { type: 'BackupUndeleted', data: { by: 'key_2' } };

  test('is of what ended, however it ended, and is written down with its force', () => {
    given(...done)
      .when({ ...wish, force: true })
      .then({ type: 'BackupDeleteRequested', data: { by: 'key_1', force: true } });
    for (const end of [failed, cancelled]) given(backupRequested(), end).when(wish).then(wished);
  });
  test('of what goes on is refused and says what to do', () => {
    given(backupRequested()).when(wish).thenThrows('wrong_state.backup_running');
    expect(() => backupDecider.decide(stateAfter(backupRequested(), backupStarted), wish)).toThrow('Cancel it first');
  });
  test('leaves how the backup ended, and its verifications; it comes back as it was', () => {
    const after = stateAfter(...done, verified(true), wished, deleted, undeleted);
    expect(after).toEqual({ ...stateAfter(...done, verified(true)), deletion: { step: 'undone' } });
  });
  test('that was undone before it was carried out is not carried out', () => {
    given(...done, wished, undeleted)
      .when(gone)
      .then();
  });
  test('may follow an undone one', () => {
    given(...done, wished, deleted, undeleted)
      .when(wish)
      .then(wished);
  });
  test('is undone once; what was never deleted cannot be undeleted', () => {
    given(...done, wished)
      .when(undelete)
      .then(undeleted);
    given(...done, wished, deleted, undeleted)
      .when(undelete)
      .then();
    given(...done)
      .when(undelete)
      .thenThrows('wrong_state.backup_not_deleted');
  });
  const request = backupRequested();
  const snapshotRequested = { ...request, data: { ...request.data, backupType: 'snapshot' } } as BackupEvent;
  test.each<[string, BackupEvent[], boolean, boolean]>([
    ['running', [backupRequested()], false, false],
    ['failed', [backupRequested(), failed], false, false],
    ['sealed', done, true, false],
    ['verified', [...done, verified(true)], true, true],
    [
      'found damaged later',
      [...done, verified(true), { type: 'BackupVerified', data: { verificationId: 'v2', ok: false, at: 'x' } }],
      true,
      false,
    ],
    ['being deleted', [...done, verified(true), wished], false, false],
    ['deleted', [...done, verified(true), wished, deleted], false, false],
    ['undeleted', [...done, verified(true), wished, deleted, undeleted], true, true],
    ['a verified snapshot, which may hold none of its data', [snapshotRequested, sealed('completed', 2), verified(true)], true, false],
  ])('a backup that is %s: usable %p, verified good %p', (_, past, usable, good) => {
    expect([isUsable(stateAfter(...past)), isVerifiedGood(stateAfter(...past))]).toEqual([usable, good]);
  });
});

describe('a promotion', () => {
  const { data } = backupRequested();
  const request = { kind: 'request', ...data, promotedFrom: 'backup_0' } as RequestBackup;
  test('is the request of a full', () =>
    given()
      .when(request)
      .then({ type: 'BackupRequested', data: { ...data, promotedFrom: 'backup_0' } } as BackupEvent));
  test.each(['incremental', 'differential', 'snapshot'] as const)('to %s is refused', (backupType) =>
    given()
      .when({ ...request, backupType })
      .thenThrows('backup.promotes_to_full'),
  );
});

describe('a verification', () => {
  const done = [backupRequested(), sealed('completed', 2)];
  test('is recorded once for a sealed backup and does not change its end', () => {
    given(...done)
      .when(verify(true))
      .then(verified(true));
    given(...done, verified(true))
      .when(verify(true))
      .then();
    expect(stateAfter(...done, verified(false)).status).toBe('completed');
  });
  test('cannot have two results', () =>
    given(...done, verified(true))
      .when(verify(false))
      .thenThrows('wrong_state.backup_verification_recorded'));
  test('needs a sealed backup', () => {
    given(backupRequested(), backupStarted).when(verify(true)).thenThrows('wrong_state.backup_not_sealed');
    given(backupRequested(), failed).when(verify(true)).thenThrows('wrong_state.backup_not_sealed');
  });
});
