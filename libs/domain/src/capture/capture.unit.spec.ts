import { captureDecider } from '../deciders.ts';
import { FINDINGS_MAX } from '../limits.ts';
import { specFor } from '../testing/given.ts';
import { articles, BACKUP_ID, recordCaptured, v4 } from '../testing/samples.ts';
import type { RecordCaptureFailed } from './commands.ts';
import { datasetForCommit, endToPropose } from './committed.ts';
import type { CaptureEvent, DatasetCaptured } from './events.ts';
import { captureFrom } from './recovered.ts';

const { given, stateAfter } = specFor(captureDecider);

function captured(findings = [] as DatasetCaptured['findings'], errors = 0): CaptureEvent {
  const { kind: _, ...facts } = recordCaptured(findings);
  const findingCounts = { error: errors, warning: findings.length - errors, info: 0 };
  return { type: 'DatasetCaptured', data: { ...facts, findings, findingCounts, intact: errors === 0 } };
}

const ids = { backupId: BACKUP_ID, n: 1, datasetId: 'articles' };
const recordFailed: RecordCaptureFailed = {
  kind: 'recordFailed',
  ...ids,
  code: 'source.gone',
  message: 'The folder vanished.',
  findings: [],
};
const failed: CaptureEvent = {
  type: 'DatasetCaptureFailed',
  data: { ...ids, code: 'source.gone', message: 'The folder vanished.', findings: [], findingCounts: { error: 0, warning: 0, info: 0 } },
};

test('a data set without findings is intact', () => given().when(recordCaptured()).then(captured()));
test('a warning leaves it intact', () =>
  given()
    .when(recordCaptured([v4('D9', 'warning')]))
    .then(captured([v4('D9', 'warning')])));
test('one error makes it torn', () =>
  given()
    .when(recordCaptured([v4('T6')]))
    .then(captured([v4('T6')], 1)));
test('an error that the list has no room for makes it torn all the same', () => {
  const counts = { error: 1, warning: 0, info: 0 };
  const [event] = captureDecider.decide(captureDecider.initial, recordCaptured([], { findingCounts: counts }));
  expect(event).toMatchObject({ data: { intact: false, findingCounts: counts } });
});
test('a failure is recorded with its cause', () => given().when(recordFailed).then(failed));

describe('the first result stays', () => {
  test('the same again changes nothing', () => {
    given(captured()).when(recordCaptured()).then();
    given(failed).when(recordFailed).then();
  });
  test('another root is refused: the worker that comes second learns it', () =>
    given(captured())
      .when(recordCaptured([], { root: 'x' }))
      .thenThrows('wrong_state.capture_recorded'));
  test('a failure after a capture, and a capture after a failure, are refused', () => {
    given(captured()).when(recordFailed).thenThrows('wrong_state.capture_recorded');
    given(failed).when(recordCaptured()).thenThrows('wrong_state.capture_recorded');
  });
  test('not even an event in the log replaces it', () => expect(stateAfter(captured(), failed).status).toBe('captured'));
});

describe('what an event may hold', () => {
  test('of very many findings the worst stay, and the counts stay complete', () => {
    const many = [...Array.from({ length: FINDINGS_MAX + 500 }, (_, i) => v4(`I${i}`, 'info')), v4('T6')];
    const [event] = captureDecider.decide(captureDecider.initial, recordCaptured(many));
    expect(event?.data.findings).toHaveLength(FINDINGS_MAX);
    expect(event?.data.findings[0]).toEqual(v4('T6'));
    expect(event?.data.findingCounts).toEqual({ error: 1, warning: 0, info: FINDINGS_MAX + 500 });
  });
  test('long messages count by their bytes', () => {
    const long = Array.from({ length: 100 }, () => ({ ...v4('T6'), message: 'ß'.repeat(10_000) }));
    const [event] = captureDecider.decide(captureDecider.initial, recordCaptured(long));
    expect(event?.data.findings).toHaveLength(24);
    expect(event?.data.findingCounts.error).toBe(100);
  });
});

describe('what the commit says', () => {
  test('of an intact data set', () =>
    expect(datasetForCommit(articles, stateAfter(captured()))).toMatchObject({
      status: 'completed',
      root: 'r'.repeat(64),
      branches: ['main'],
      rows: 40,
    }));
  test('of a torn one', () =>
    expect(datasetForCommit(articles, stateAfter(captured([v4('T6')], 1)))).toMatchObject({
      status: 'partial',
      root: 'r'.repeat(64),
      cause: 'v4 T6 in _txn/7: the log names a file that is not there',
    }));
  test('of one that failed: no root, and why', () => {
    const dataset = datasetForCommit(articles, stateAfter(failed));
    expect(dataset).toMatchObject({ status: 'failed', bytes: 0, cause: 'The folder vanished.' });
    expect(dataset).not.toHaveProperty('root');
  });
  test('of one without a result', () =>
    expect(datasetForCommit(articles, captureDecider.initial)).toMatchObject({ status: 'failed', cause: 'Its capture did not end.' }));
});

describe('what to put into storage', () => {
  test('a commit when anything was captured, torn or not', () =>
    expect(endToPropose([stateAfter(failed), stateAfter(captured([v4('T6')], 1))])).toBe('commit'));
  test('a tombstone when nothing was', () => expect(endToPropose([stateAfter(failed), captureDecider.initial])).toBe('tombstone'));
});

const withPins = (event: CaptureEvent): CaptureEvent =>
  ({ ...event, data: { ...event.data, pinned: { objects: 1, bytes: 2, storage: '3-4', path: 'acme/articles' } } }) as CaptureEvent;

describe('what a commit says gives the capture back', () => {
  const committed = (event: CaptureEvent) => datasetForCommit(articles, stateAfter(event));
  test.each<[string, CaptureEvent]>([
    ['an intact one', captured()],
    ['one with tags, a base and findings', { ...captured([v4('T6')], 1) }],
    ['one of a snapshot', withPins(captured())],
  ])('%s', (_, event) => {
    const tagged = {
      ...event.data,
      tags: [{ name: 'v1', branch: 'main', version: '3', rows: 12 }],
      baseBackupId: 'backup_1',
    } as DatasetCaptured;
    const whole: CaptureEvent = { type: 'DatasetCaptured', data: tagged };
    given()
      .when(captureFrom(BACKUP_ID, 1, committed(whole)))
      .then(whole);
  });
  test('one that failed, but for its code', () => {
    const [event] = captureDecider.decide(captureDecider.initial, captureFrom(BACKUP_ID, 1, committed(failed)));
    expect(event).toEqual({ type: 'DatasetCaptureFailed', data: { ...failed.data, code: 'capture.failed' } });
  });
  test('of an older commit, with the names of branches and tags only', () => {
    const { captured: _, ...older } = committed(captured());
    const [event] = captureDecider.decide(captureDecider.initial, captureFrom(BACKUP_ID, 1, { ...older, tags: ['v1'] }));
    expect(event).toMatchObject({
      type: 'DatasetCaptured',
      data: { storedBytes: 0, branches: [{ name: 'main', headVersion: '' }], tags: [{ name: 'v1', branch: '' }], rows: 40 },
    });
  });
});
