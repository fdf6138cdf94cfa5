import { checkBootstrapKey, hashApiKey, keyMatches, newApiKey, presentedKey } from './api-key.ts';
import { KeyTooShort } from './errors.ts';

test('a key has 256 random bits behind its prefix, and no two are alike', () => {
  const key = newApiKey();
  expect(key).toMatch(/^dr_[A-Za-z0-9_-]{43}$/);
  expect(Buffer.from(key.slice(3), 'base64url')).toHaveLength(32);
  expect(new Set(Array.from({ length: 1000 }, newApiKey)).size).toBe(1000);
});

test('the hash is plain SHA-256 of the text, so that it can be looked up', () => {
  expect(hashApiKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a key matches its own hash only', () => {
  const [key, other] = [newApiKey(), newApiKey()];
  expect(keyMatches(key, hashApiKey(key))).toBe(true);
  expect(keyMatches(other, hashApiKey(key))).toBe(false);
  expect(keyMatches(key, '')).toBe(false);
  expect(keyMatches(key, hashApiKey(key).slice(2))).toBe(false);
});

test('a bootstrap key has at least 32 characters', () => {
  expect(checkBootstrapKey('x'.repeat(32))).toHaveLength(32);
  expect(() => checkBootstrapKey('x'.repeat(31))).toThrow(KeyTooShort);
});

describe('the key of a request', () => {
  const cases: [string, Record<string, string | string[] | undefined>, string | undefined][] = [
    ['Authorization', { authorization: 'ApiKey k' }, 'k'],
    ['Authorization in lower case', { authorization: 'apikey  k ' }, 'k'],
    ['X-API-Key', { 'x-api-key': ' k ' }, 'k'],
    ['both, the same', { authorization: 'ApiKey k', 'x-api-key': 'k' }, 'k'],
    ['both, different', { authorization: 'ApiKey k', 'x-api-key': 'l' }, undefined],
    ['another scheme', { authorization: 'Bearer k' }, undefined],
    ['no key behind the scheme', { authorization: 'ApiKey ' }, undefined],
    ['two words', { authorization: 'ApiKey a b' }, undefined],
    ['repeated', { 'x-api-key': ['a', 'b'] }, undefined],
    ['empty', { 'x-api-key': '' }, undefined],
    ['absurdly long', { 'x-api-key': 'x'.repeat(513) }, undefined],
    ['none', {}, undefined],
  ];
  test.each(cases)('%s', (_, headers, key) => expect(presentedKey(headers)).toBe(key));
});
