import { SCOPES, type Scope } from '@dr/domain';
import {
  authorise,
  callerOf,
  type Grants,
  isUsable,
  listedTenant,
  mayGrant,
  requireGrant,
  type StoredKey,
  tenantFor,
  visibleTenant,
} from './authorise.ts';
import { GrantRefused, ScopeMissing, TenantNeeded, Unauthenticated } from './errors.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const key = (tenant: string, scopes: Scope[], expiresAt?: string): Grants => ({ tenant, scopes, ...(expiresAt ? { expiresAt } : {}) });
const stored = (more: Partial<StoredKey> = {}): StoredKey => ({
  keyId: 'k1',
  tenant: 'acme',
  scopes: ['backup:read'],
  hash: 'h',
  revoked: false,
  ...more,
});

describe('authorise', () => {
  test.each(SCOPES)('a key with nothing but %s has that and nothing else', (scope) => {
    const held = SCOPES.filter((wanted) => allowed(key('acme', [scope]), wanted));
    expect(held).toEqual(scope === 'admin' ? SCOPES : [scope]);
  });
  test('a key without scopes has none', () => expect(SCOPES.filter((s) => allowed(key('*', []), s))).toEqual([]));
});

function allowed(caller: Grants, scope: Scope): boolean {
  try {
    authorise(caller, scope);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ScopeMissing);
    expect(error).toMatchObject({ code: 'auth.scope_missing', status: 403, message: expect.stringContaining(scope) });
    return false;
  }
}

describe('which tenant', () => {
  // the key's tenant, the named one, visible, of a single resource, of a list
  const cases: [string, string | undefined, string | undefined | 'needed', string | undefined][] = [
    ['acme', undefined, 'acme', 'acme'],
    ['acme', 'acme', 'acme', 'acme'],
    ['acme', 'other', undefined, undefined],
    ['acme', '*', 'needed', undefined],
    ['acme', 'ACME', undefined, undefined],
    ['acme', '', undefined, undefined],
    ['*', undefined, 'needed', '*'],
    ['*', 'other', 'other', 'other'],
    ['*', '*', 'needed', '*'],
  ];
  test.each(cases)('a key of %s that names %s', (own, named, single, list) => {
    const caller = key(own, ['backup:read']);
    if (single === 'needed') expect(() => tenantFor(caller, named)).toThrow(TenantNeeded);
    else expect(tenantFor(caller, named)).toBe(single);
    expect(listedTenant(caller, named)).toBe(list);
  });
  test('even admin of one tenant does not see another', () => expect(visibleTenant(key('acme', ['admin']), 'other')).toBe(false));
});

describe('no key grants beyond its own', () => {
  const SOON = '2026-07-01T00:00:00Z';
  const LATER = '2026-08-01T00:00:00Z';
  const cases: [string, Grants, Grants, RegExp | undefined][] = [
    ['the same', key('acme', ['backup:read']), key('acme', ['backup:read']), undefined],
    ['less', key('*', ['backup:read', 'restore:run']), key('acme', ['restore:run'], SOON), undefined],
    ['nothing', key('acme', ['backup:read']), key('acme', []), undefined],
    ['one more scope', key('acme', ['backup:read']), key('acme', ['backup:read', 'restore:run']), /restore:run/],
    [
      'admin from all other scopes',
      key(
        '*',
        SCOPES.filter((s) => s !== 'admin'),
      ),
      key('*', ['admin']),
      /admin/,
    ],
    ['any scope from admin', key('acme', ['admin']), key('acme', [...SCOPES]), undefined],
    ['another tenant', key('acme', ['admin']), key('other', ['backup:read']), /tenant/],
    ['all tenants', key('acme', ['admin']), key('*', ['backup:read']), /tenant/],
    ['a longer life', key('*', ['admin'], SOON), key('acme', ['backup:read'], LATER), /outlive/],
    ['an endless life', key('*', ['admin'], SOON), key('acme', ['backup:read']), /outlive/],
    ['a shorter life', key('*', ['admin'], LATER), key('acme', ['backup:read'], SOON), undefined],
    ['the same life in another zone', key('*', ['admin'], SOON), key('acme', [], '2026-07-01T02:00:00+02:00'), undefined],
    ['a life that cannot be read', key('*', ['admin'], SOON), key('acme', [], 'tomorrow'), /not a time/],
  ];
  test.each(cases)('%s', (_, own, wanted, beyond) => {
    const decision = mayGrant(own, wanted);
    expect(decision.allowed).toBe(beyond === undefined);
    if (beyond === undefined) return requireGrant(own, wanted);
    expect(() => requireGrant(own, wanted)).toThrow(GrantRefused);
    expect(() => requireGrant(own, wanted)).toThrow(beyond);
  });
});

describe('a stored key is good or it is not, and nothing says why', () => {
  test('a good one gives the caller, without its hash', () => {
    expect(callerOf(stored({ expiresAt: '2026-06-01T00:00:01Z' }), NOW)).toEqual({
      keyId: 'k1',
      tenant: 'acme',
      scopes: ['backup:read'],
      expiresAt: '2026-06-01T00:00:01Z',
    });
    expect(callerOf(stored(), NOW)).not.toHaveProperty('expiresAt');
  });
  test('a scope that this version does not know grants nothing', () => {
    expect(callerOf(stored({ scopes: ['backup:read', 'moon:land'], expiresAt: null }), NOW).scopes).toEqual(['backup:read']);
  });
  const bad: [string, StoredKey | undefined][] = [
    ['unknown', undefined],
    ['revoked', stored({ revoked: true })],
    ['expired', stored({ expiresAt: '2026-05-31T23:59:59Z' })],
    ['expiring this very moment', stored({ expiresAt: '2026-06-01T00:00:00Z' })],
    ['with an expiry that cannot be read', stored({ expiresAt: 'tomorrow' })],
  ];
  test.each(bad)('%s', (_, key) => {
    expect(() => callerOf(key, NOW)).toThrow(new Unauthenticated('invalid'));
    if (key) expect(isUsable(key, NOW)).toBe(false);
  });
});
