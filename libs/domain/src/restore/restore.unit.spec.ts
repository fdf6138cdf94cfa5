import { restoreDecider } from '../deciders.ts';
import { specFor } from '../testing/given.ts';
import { RESTORED, requestRestore, restoreRequested } from '../testing/samples.ts';
import type { RecordRestored, RecordRestoreFailed, RestoreCommand } from './commands.ts';
import type { RestoreEnded, RestoreEvent } from './events.ts';

const { given, stateAfter } = specFor(restoreDecider);
const start: RestoreCommand = { kind: 'start' };
const swap: RestoreCommand = { kind: 'beginSwap' };
const cancel: RestoreCommand = { kind: 'requestCancel', by: 'key_1' };
const end: RestoreCommand = { kind: 'end' };
const done: RecordRestored = { kind: 'recordRestored', n: 1, from: 'articles', to: 'articles', objects: 6, bytes: 4_500, findings: [] };
const doneTwo: RecordRestored = { ...done, n: 2, from: 'support', to: 'support-old' };
const broken: RecordRestoreFailed = { kind: 'recordFailed', n: 2, code: 'restore.target_exists', message: 'beta/support-old exists.' };

const requested = restoreRequested();
const started: RestoreEvent = { type: 'RestoreStarted', data: {} };
const swapping: RestoreEvent = { type: 'RestoreSwapping', data: {} };
const cancelRequested: RestoreEvent = { type: 'RestoreCancelRequested', data: { by: 'key_1' } };
const restored = ({ kind: _, ...data }: RecordRestored): RestoreEvent => ({ type: 'DatasetRestored', data });
const failed = ({ kind: _, ...data }: RecordRestoreFailed): RestoreEvent => ({ type: 'DatasetRestoreFailed', data });
const ended = (data: RestoreEnded): RestoreEvent => ({ type: 'RestoreEnded', data });
const completed = ended({ outcome: 'completed', expected: 2, done: 2, failed: 0 });

describe('a request', () => {
  test('carries its options', () =>
    given()
      .when(requestRestore({ keepTornHead: true, datasetMapping: { support: 'support-old' }, version: 'v1.2' }))
      .then(restoreRequested({ keepTornHead: true, datasetMapping: { support: 'support-old' }, version: 'v1.2' })));
  test('asked twice is recorded once; another one with its id is refused', () => {
    given(requested).when(requestRestore()).then();
    given(requested)
      .when(requestRestore({ verifyIntegrity: false }))
      .thenThrows('wrong_state.restore_exists');
  });
  test('that selects nothing fails', () =>
    given()
      .when(requestRestore({}, { datasets: [] }))
      .thenThrows('restore.nothing_selected'));
  test('numbered wrongly fails', () =>
    given()
      .when(requestRestore({}, { datasets: [RESTORED[1]] }))
      .thenThrows('restore.bad_numbering'));
  test.each(['articles', 'articles/inner', 'articles/deep/er'])('that puts data sets at articles and %s fails', (to) =>
    given()
      .when(requestRestore({}, { datasets: [RESTORED[0], { ...RESTORED[1], to }] }))
      .thenThrows('restore.mapping_conflict'),
  );
  test('that puts data sets side by side is fine, even when one name begins with the other', () => {
    const datasets = [RESTORED[0], { ...RESTORED[1], to: 'articles-2' }];
    expect(restoreDecider.decide(restoreDecider.initial, requestRestore({}, { datasets }))).toHaveLength(1);
  });
  test('without indexes is fine for v3 and refused for v4, whose logs name them', () => {
    given()
      .when(requestRestore({ restoreIndexes: false }))
      .thenThrows('restore.option_not_supported');
    const v3Only = requestRestore({ restoreIndexes: false }, { datasets: [{ ...RESTORED[1], n: 1 }] });
    expect(restoreDecider.decide(restoreDecider.initial, v3Only)).toHaveLength(1);
  });
  test('of a version, or as of a moment, carries it', () => {
    const asOf = '2026-02-28T23:30:00.000Z';
    given().when(requestRestore({ asOf })).then(restoreRequested({ asOf }));
    const request = requestRestore({ version: 'v1' }, { datasets: [RESTORED[0], { ...RESTORED[1], format: 'opaque' }] });
    given().when(request).thenThrows('restore.option_not_supported');
    given()
      .when(requestRestore({ version: 'v1', asOf }))
      .thenThrows('restore.option_not_supported');
    given()
      .when(requestRestore({ version: 'v1', paths: ['x'] }))
      .thenThrows('restore.option_not_supported');
  });
  test('of some paths over an existing data set is refused', () =>
    given()
      .when(requestRestore({ paths: ['*.json'], overwriteExisting: true }))
      .thenThrows('restore.option_not_supported'));
  test('too large for an event fails before anything is done', () =>
    given()
      .when(requestRestore({ paths: Array.from({ length: 800 }, (_, i) => `${'x'.repeat(1_000)}${i}`) }))
      .thenThrows('restore.too_large'));
  test('gives the only command that an unknown restore takes', () => {
    for (const command of [start, swap, done, broken, cancel, end]) given().when(command).thenThrows('wrong_state.restore_absent');
  });
});

describe('the work', () => {
  test('starts once, and swaps once', () => {
    given(requested).when(start).then(started);
    given(requested, started).when(start).then();
    given(requested, started).when(swap).then(swapping);
    given(requested, started, swapping).when(swap).then();
    given(requested, started, swapping).when(start).then();
  });
  test('swaps only after it started', () => given(requested).when(swap).thenThrows('wrong_state.restore_not_started'));
  test('records a restored data set once, and only after the log knows that the target changes', () => {
    given(requested, started).when(done).thenThrows('wrong_state.restore_not_swapping');
    given(requested, started, swapping).when(done).then(restored(done));
    given(requested, started, swapping, restored(done)).when(done).then();
  });
  test('records a failure at any time after the start, once', () => {
    given(requested).when(broken).thenThrows('wrong_state.restore_not_started');
    given(requested, started).when(broken).then(failed(broken));
    given(requested, started, swapping, failed(broken)).when(broken).then();
  });
  test('keeps the first result of a data set', () => {
    given(requested, started, swapping, restored(doneTwo)).when(broken).thenThrows('wrong_state.restore_result_recorded');
    given(requested, started, swapping, failed(broken)).when(doneTwo).thenThrows('wrong_state.restore_result_recorded');
  });
  test('refuses results for what was not asked for', () => {
    const past = [requested, started, swapping];
    given(...past)
      .when({ ...done, n: 3 })
      .thenThrows('restore.not_requested');
    given(...past)
      .when({ ...broken, n: 0 })
      .thenThrows('restore.not_requested');
    given(...past)
      .when({ ...done, to: 'elsewhere' })
      .thenThrows('restore.not_requested');
    given(...past)
      .when({ ...done, from: 'support' })
      .thenThrows('restore.not_requested');
  });
});

describe('the outcome follows from the results', () => {
  const past = [requested, started, swapping];
  test('all restored: completed', () =>
    given(...past, restored(done), restored(doneTwo))
      .when(end)
      .then(completed));
  test('some failed: partial', () =>
    given(...past, restored(done), failed(broken))
      .when(end)
      .then(ended({ outcome: 'partial', expected: 2, done: 1, failed: 1 })));
  test('all failed: failed', () =>
    given(...past, failed({ ...broken, n: 1 }), failed(broken))
      .when(end)
      .then(ended({ outcome: 'failed', expected: 2, done: 0, failed: 2 })));
  test('only some paths of everything: partial, for no data set is whole', () =>
    given(restoreRequested({ paths: ['*.json'] }), started, swapping, restored(done), restored(doneTwo))
      .when(end)
      .then(ended({ outcome: 'partial', expected: 2, done: 2, failed: 0 })));
  test('a data set without a result: not over yet', () =>
    given(...past, restored(done))
      .when(end)
      .thenThrows('wrong_state.restore_incomplete'));
  test('unless somebody gives up and says why', () =>
    given(...past, restored(done))
      .when({ kind: 'end', giveUp: { message: 'The worker died three times.' } })
      .then(ended({ outcome: 'partial', expected: 2, done: 1, failed: 1, message: 'The worker died three times.' })));
});

describe('a cancel', () => {
  test('is a wish until the swap begins', () => {
    given(requested).when(cancel).then(cancelRequested);
    given(requested, started).when(cancel).then(cancelRequested);
    given(requested, started, cancelRequested)
      .when({ ...cancel, by: 'key_2' })
      .then();
    given(requested, started, swapping).when(cancel).thenThrows('wrong_state.restore_swapping');
  });
  test('stops the start and the swap', () => {
    given(requested, cancelRequested).when(start).thenThrows('wrong_state.restore_cancel_requested');
    given(requested, started, cancelRequested).when(swap).thenThrows('wrong_state.restore_cancel_requested');
  });
  test('ends the restore as cancelled without results', () =>
    given(requested, started, cancelRequested)
      .when(end)
      .then(ended({ outcome: 'cancelled', expected: 2, done: 0, failed: 2 })));
});

describe('an end is final', () => {
  const past = [requested, started, swapping, restored(done), restored(doneTwo), completed];
  test('what repeats is nothing new', () => {
    given(...past)
      .when(end)
      .then();
    given(...past)
      .when(done)
      .then();
    given(requested, cancelRequested, ended({ outcome: 'cancelled', expected: 2, done: 0, failed: 2 }))
      .when(cancel)
      .then();
  });
  test('what contradicts is refused', () => {
    for (const command of [start, swap, cancel])
      given(...past)
        .when(command)
        .thenThrows('wrong_state.restore_ended');
    given(...past)
      .when(broken)
      .thenThrows('wrong_state.restore_result_recorded');
  });
  test('no later event moves it', () => expect(stateAfter(...past, swapping, failed(broken)).status).toBe('completed'));
});

describe('what makes a restore less than completed', () => {
  const past = [requested, started, swapping];
  const lacking = [{ datasetId: 'gone', cause: 'its disk failed' }];
  test('a data set that lacks something of what was at the source', () =>
    given(...past, restored(done), restored({ ...doneTwo, lacks: 'the uncommitted head' }))
      .when(end)
      .then(ended({ outcome: 'partial', expected: 2, done: 2, failed: 0 })));
  test('a data set that the backup does not hold, named with its cause', () => {
    const { kind: _, ...data } = requestRestore({}, { lacking });
    given({ type: 'RestoreRequested', data } as const, started, swapping, restored(done), restored(doneTwo))
      .when(end)
      .then(ended({ outcome: 'partial', expected: 2, done: 2, failed: 0, message: 'The backup does not hold gone (its disk failed).' }));
  });
  test('a hook whose failure counts', () => {
    const hooks = [{ name: 'redis', ok: false, blocking: true, message: 'exit code 1' }];
    const ran = { type: 'RestoreHooksRan', data: { hooks } } as const;
    given(...past, restored(done), restored(doneTwo), ran)
      .when(end)
      .then(ended({ outcome: 'partial', expected: 2, done: 2, failed: 0, message: 'Hook redis failed: exit code 1' }));
    given(...past, restored(done), restored(doneTwo), { ...ran, data: { hooks: [{ ...hooks[0]!, blocking: false }] } })
      .when(end)
      .then(completed);
  });
  test('a late try that words the loss otherwise repeats the result', () =>
    given(...past, restored({ ...done, lacks: 'one' }))
      .when({ ...done, lacks: 'two' })
      .then());
});

describe('hooks', () => {
  const past = [requested, started, swapping, restored(done)];
  const command = { kind: 'recordHooks', hooks: [] } as const;
  test('run after the last data set, and are recorded once', () => {
    given(...past)
      .when(command)
      .thenThrows('wrong_state.restore_incomplete');
    given(...past, restored(doneTwo))
      .when(command)
      .then({ type: 'RestoreHooksRan', data: { hooks: [] } });
    given(...past, restored(doneTwo), { type: 'RestoreHooksRan', data: { hooks: [] } })
      .when(command)
      .then();
  });
});

describe('targets that look alike', () => {
  const sets = (one: string, two: string, from = ['a', 'b']) => [
    { ...RESTORED[0], from: from[0]!, to: one },
    { ...RESTORED[1], from: from[1]!, to: two },
  ];
  test('are refused when a mapping made them', () =>
    given()
      .when(requestRestore({}, { datasets: sets('Papers', 'papers') }))
      .thenThrows('restore.mapping_conflict'));
  test('are left alone when they came side by side from the source', () =>
    expect(restoreDecider.decide(restoreDecider.initial, requestRestore({}, { datasets: sets('A', 'a', ['A', 'a']) }))).toHaveLength(1));
});

test('force without overwrite says nothing, so it is refused', () =>
  given()
    .when(requestRestore({ force: true }))
    .thenThrows('restore.option_not_supported'));
