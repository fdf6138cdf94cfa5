import { restoreDecider } from '../deciders.ts';
import { decisionTable } from '../testing/decision-table.ts';
import { RESTORED, requestRestore } from '../testing/samples.ts';
import type { RestoreCommand } from './commands.ts';
import type { RestoreEvent } from './events.ts';

const request = requestRestore({}, { datasets: [RESTORED[0]] });
const { kind: _, ...data } = request;
const requested: RestoreEvent = { type: 'RestoreRequested', data };
const started: RestoreEvent = { type: 'RestoreStarted', data: {} };
const swapping: RestoreEvent = { type: 'RestoreSwapping', data: {} };
const cancelRequested: RestoreEvent = { type: 'RestoreCancelRequested', data: { by: 'key_1' } };
const facts = { n: 1, from: 'articles', to: 'articles', objects: 1, bytes: 2, findings: [] };
const restored: RestoreEvent = { type: 'DatasetRestored', data: facts };
const ended = (outcome: 'completed' | 'cancelled', done: number): RestoreEvent => ({
  type: 'RestoreEnded',
  data: { outcome, expected: 1, done, failed: 1 - done },
});

const pasts: Record<string, RestoreEvent[]> = {
  absent: [],
  pending: [requested],
  running: [requested, started],
  cancelling: [requested, started, cancelRequested],
  swapping: [requested, started, swapping],
  restored: [requested, started, swapping, restored],
  completed: [requested, started, swapping, restored, ended('completed', 1)],
  cancelled: [requested, cancelRequested, ended('cancelled', 0)],
};

const commands: Record<string, RestoreCommand> = {
  request,
  start: { kind: 'start' },
  swap: { kind: 'beginSwap' },
  restored: { kind: 'recordRestored', ...facts },
  failed: { kind: 'recordFailed', n: 1, code: 'a.b', message: 'c' },
  cancel: { kind: 'requestCancel', by: 'key_1' },
  end: { kind: 'end' },
  'give up': { kind: 'end', giveUp: { message: 'enough' } },
};

const absent = '! absent';
const notStarted = '! not_started';
const stopped = '! cancel_requested';
const over = '! ended';
const RECORDED = '! result_recorded';
const FAILED = 'DatasetRestoreFailed';

/** Every state against every command. A new state or command is a new row or column here: decide what comes of it. */
test('what a restore answers, in every state, to every command', () =>
  expect(decisionTable(restoreDecider, pasts, commands)).toEqual({
    absent: {
      ...{ request: 'RestoreRequested', start: absent, swap: absent, restored: absent, failed: absent },
      ...{ cancel: absent, end: absent, 'give up': absent },
    },
    pending: {
      ...{ request: '-', start: 'RestoreStarted', swap: notStarted, restored: '! not_swapping', failed: notStarted },
      ...{ cancel: 'RestoreCancelRequested', end: '! incomplete', 'give up': 'RestoreEnded' },
    },
    running: {
      ...{ request: '-', start: '-', swap: 'RestoreSwapping', restored: '! not_swapping', failed: FAILED },
      ...{ cancel: 'RestoreCancelRequested', end: '! incomplete', 'give up': 'RestoreEnded' },
    },
    cancelling: {
      ...{ request: '-', start: '-', swap: stopped, restored: '! not_swapping', failed: FAILED },
      ...{ cancel: '-', end: 'RestoreEnded', 'give up': 'RestoreEnded' },
    },
    swapping: {
      ...{ request: '-', start: '-', swap: '-', restored: 'DatasetRestored', failed: FAILED },
      ...{ cancel: '! swapping', end: '! incomplete', 'give up': 'RestoreEnded' },
    },
    restored: {
      ...{ request: '-', start: '-', swap: '-', restored: '-', failed: RECORDED },
      ...{ cancel: '! swapping', end: 'RestoreEnded', 'give up': 'RestoreEnded' },
    },
    completed: {
      ...{ request: '-', start: over, swap: over, restored: '-', failed: RECORDED, cancel: over, end: '-', 'give up': '-' },
    },
    cancelled: {
      ...{ request: '-', start: over, swap: over, restored: over, failed: over, cancel: '-', end: '-', 'give up': '-' },
    },
  }));
