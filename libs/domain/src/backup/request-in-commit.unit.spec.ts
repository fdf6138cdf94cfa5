import { requestBackup } from '../testing/samples.ts';
import { requestForCommit, requestFrom } from './request-in-commit.ts';

const leftOut = { total: 1, lost: 1, paths: [{ path: 'acme/locked', reason: 'unreadable' as const }] };
const at = '2026-03-01T12:00:00.000Z';

test.each([
  ['a promoted one', { leftOut, promotedFrom: 'backup_20260228_120000_99999999' }],
  ['one that leaves nothing out', {}],
])('what a commit repeats of a request comes back: %s', (_, more) => {
  const { kind: _kind, ...request } = requestBackup(undefined, more);
  const stored = JSON.parse(JSON.stringify(requestForCommit(request, at))) as Record<string, unknown>;
  expect(requestFrom(stored)).toEqual({ ...more, requestedBy: 'key_1', requestedAt: at });
});

test('a commit of an older version says less, and what is no such thing is not believed', () => {
  expect(requestFrom(undefined)).toEqual({});
  expect(requestFrom({ leftOut: 7, promotedFrom: [], requestedBy: {}, requestedAt: 'yesterday', hook: 1 })).toEqual({});
});
