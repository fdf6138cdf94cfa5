import { DomainError, Refused, UnreadableEvent, WrongState } from './errors.ts';

test.each([
  [new WrongState('backup_ended', 'Cannot start.', { status: 'failed' }), 'WrongState', 'wrong_state.backup_ended'],
  [new Refused('backup.nothing_selected', 'Nothing.'), 'Refused', 'backup.nothing_selected'],
  [new UnreadableEvent('too_new', 'Update.'), 'UnreadableEvent', 'event.too_new'],
])('%s has a name, a stable code and is an Error', (error, name, code) => {
  expect(error).toBeInstanceOf(DomainError);
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code]).toEqual([name, code]);
});

test('details are for machines, and may be left out', () => {
  expect(new WrongState('a', 'b', { status: 'x' }).details).toEqual({ status: 'x' });
  expect(new Refused('a.b', 'c').details).toBeUndefined();
});
