import { integer, isTransient, sqlState } from './database.ts';

test('numbers of the database are exact or refused', () => {
  expect(integer('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
  expect(integer('0')).toBe(0);
  expect(() => integer('9007199254740992')).toThrow(/outside/);
  expect(() => integer(-1)).toThrow(/outside/);
});

test.each(['08006', '40001', '40P01', '53300', '57P01', '57014', '55P03', '25P03'])('%s passes by itself', (code) => {
  expect(isTransient(Object.assign(new Error('x'), { code }))).toBe(true);
});

test.each(['23505', '22P02', '42P01', '42501', '23514'])('%s does not', (code) => {
  expect(isTransient(Object.assign(new Error('x'), { code }))).toBe(false);
});

test('lost connections pass by themselves, errors of the program do not', () => {
  expect(isTransient(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))).toBe(true);
  expect(isTransient(new Error('Connection terminated unexpectedly'))).toBe(true);
  expect(isTransient(new TypeError('x is not a function'))).toBe(false);
  expect(isTransient(Object.assign(new Error('no'), { code: 'event.malformed' }))).toBe(false);
  expect(isTransient('text')).toBe(false);
});

test('only server errors have an SQL state', () => {
  expect(sqlState({ code: '23505' })).toBe('23505');
  expect(sqlState({ code: 'ECONNRESET' })).toBeUndefined();
  expect(sqlState(new Error('x'))).toBeUndefined();
});

test.each(['QueryRunnerAlreadyReleasedError', 'QueryRunnerProviderAlreadyReleasedError'])(
  'a transaction whose connection was cut off goes away: %s',
  (name) => {
    expect(isTransient(Object.assign(new Error('already released'), { name }))).toBe(true);
  },
);
