import { apiKeyDecider } from '../deciders.ts';
import { specFor } from '../testing/given.ts';
import { aKey } from '../testing/samples.ts';
import type { CreateApiKey } from './commands.ts';
import type { ApiKeyCreated, ApiKeyEvent } from './events.ts';
import { allowsScope, allowsTenant, isUsable } from './grants.ts';
import type { KeyGrants } from './state.ts';

const { given, stateAfter } = specFor(apiKeyDecider);
const create = (more: Partial<CreateApiKey> = {}): CreateApiKey => ({ kind: 'create', grantedBy: 'bootstrap', ...aKey, ...more });
const created = (more: Partial<ApiKeyCreated> = {}): ApiKeyEvent => ({ type: 'ApiKeyCreated', data: { ...aKey, ...more } });
const revoked: ApiKeyEvent = { type: 'ApiKeyRevoked', data: {} };
const admin: KeyGrants = { tenant: 'acme', scopes: ['admin'] };

describe('creating', () => {
  test('is recorded without the creator', () => given().when(create()).then(created()));
  test('twice is once; another key with the id is refused', () => {
    given(created()).when(create()).then();
    given(created(), revoked).when(create()).then();
    given(created())
      .when(create({ tenant: 'beta' }))
      .thenThrows('wrong_state.api_key_exists');
  });
  test.each(['', 'a'.repeat(63), 'A'.repeat(64), `dr_${'a'.repeat(61)}`])('never stores %j, which is no SHA-256', (hash) =>
    given().when(create({ hash })).thenThrows('api_key.bad_hash'),
  );
  test('a key that allows nothing is refused', () =>
    given()
      .when(create({ scopes: [] }))
      .thenThrows('api_key.no_scope'));
});

describe('no key grants more than it has', () => {
  test('an admin of the tenant grants any scope there', () =>
    given()
      .when(create({ grantedBy: admin, scopes: ['backup:delete'] }))
      .then(created({ scopes: ['backup:delete'] })));
  test.each<[string, KeyGrants, Partial<CreateApiKey>]>([
    ['another tenant', admin, { tenant: 'beta' }],
    ['all tenants', admin, { tenant: '*' }],
    ['another scope', { tenant: 'acme', scopes: ['backup:read'] }, {}],
    ['admin', { tenant: '*', scopes: ['backup:read', 'restore:run'] }, { scopes: ['admin'] }],
    ['a longer life', { ...admin, expiresAt: '2026-06-01T00:00:00Z' }, { expiresAt: '2026-06-01T00:00:01Z' }],
    ['life without end', { ...admin, expiresAt: '2026-06-01T00:00:00Z' }, {}],
  ])('%s is refused', (_, grantedBy, wanted) =>
    given()
      .when(create({ grantedBy, ...wanted }))
      .thenThrows('api_key.beyond_own_grant'),
  );
  test('the same tenant, scopes and life are fine', () => {
    const own: KeyGrants = { ...aKey, expiresAt: '2026-06-01T00:00:00Z' };
    given()
      .when(create({ grantedBy: own, expiresAt: '2026-06-01T00:00:00Z' }))
      .then(created({ expiresAt: '2026-06-01T00:00:00Z' }));
  });
});

describe('revoking', () => {
  test('is for ever', () => {
    given(created()).when({ kind: 'revoke' }).then(revoked);
    given(created(), revoked).when({ kind: 'revoke' }).then();
    expect(stateAfter(created(), revoked, created()).status).toBe('revoked');
  });
  test.each<[string, Partial<ApiKeyCreated>, number, boolean]>([
    ['the last admin of all tenants', { tenant: '*', scopes: ['admin'] }, 0, true],
    ['one that has yet to end', { tenant: '*', scopes: ['backup:read', 'admin'], expiresAt: '2026-06-01T00:00:00Z' }, 0, true],
    ['one that has ended', { tenant: '*', scopes: ['admin'], expiresAt: '2026-06-01T00:00:00Z' }, Date.UTC(2026, 5, 1), false],
    ['an admin of one tenant', { scopes: ['admin'] }, 0, false],
    ['a key of all tenants that is no admin', { tenant: '*', scopes: ['backup:read'] }, 0, false],
  ])('of %s, with no other admin of all tenants', (_, key, aloneAt, isRefused) => {
    const asked = given(created(key)).when({ kind: 'revoke', aloneAt });
    if (isRefused) asked.thenThrows('api_key.last_admin');
    else asked.then(revoked);
    given(created(key)).when({ kind: 'revoke' }).then(revoked);
    given(created(key), revoked).when({ kind: 'revoke', aloneAt }).then();
  });
  test('needs a key', () => given().when({ kind: 'revoke' }).thenThrows('wrong_state.api_key_absent'));
});

describe('using', () => {
  const end = Date.UTC(2026, 5, 1);
  const expiring = created({ expiresAt: '2026-06-01T00:00:00Z' });
  test('ends at the expiry, to the millisecond, and at once when revoked', () => {
    expect(isUsable(stateAfter(created()), Number.MAX_SAFE_INTEGER)).toBe(true);
    expect(isUsable(stateAfter(expiring), end - 1)).toBe(true);
    expect(isUsable(stateAfter(expiring), end)).toBe(false);
    expect(isUsable(stateAfter(created(), revoked), 0)).toBe(false);
    expect(isUsable(stateAfter(), 0)).toBe(false);
  });
  test('reaches its tenant and its scopes only', () => {
    expect([allowsTenant(aKey, 'acme'), allowsTenant(aKey, 'beta'), allowsTenant({ tenant: '*' }, 'beta')]).toEqual([true, false, true]);
    expect([allowsScope(aKey, 'restore:run'), allowsScope(aKey, 'backup:create'), allowsScope(admin, 'backup:create')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
