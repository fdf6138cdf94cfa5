/** What an error on the way means for who restores: whose disk it was, and whether it is final. */
import { StoreUnavailable } from '@dr/storage';
import { targetError } from './errors.ts';

const system = (code: string) => Object.assign(new Error(`${code}: said so`), { code });
const meaning = (error: unknown) => (targetError('/data/acme', error) as { code?: string }).code;

test.each([
  ['ENOSPC', 'restore.no_space'],
  ['EDQUOT', 'restore.no_space'],
  ['EROFS', 'restore.target_read_only'],
  ['EACCES', 'restore.target_read_only'],
  ['EPERM', 'restore.target_read_only'],
])('%s while the target is written is %s, however deep it lies', (code, told) => {
  expect(meaning(system(code))).toBe(told);
  expect(meaning(new Error('writing failed', { cause: system(code) }))).toBe(told);
});

test('from a thread it is told by its words', () =>
  expect(meaning(Object.assign(new Error('a.bin: ENOSPC: no space left'), { code: 'repository.target_failed' }))).toBe('restore.no_space'));

test.each(['EACCES', 'EPERM', 'EROFS'])('%s of the store says nothing about the target, and another try may help', (code) => {
  const away = new StoreUnavailable('Opening object p/1', 'file:///backups', system(code));
  expect(targetError('/data/acme', away)).toBe(away);
  const wrapped = new Error('reading a piece failed', { cause: away });
  expect(targetError('/data/acme', wrapped)).toBe(wrapped);
});

test('any other error stays as it is', () => {
  const error = system('EIO');
  expect(targetError('/data/acme', error)).toBe(error);
});
