import type { Scope } from './events.ts';
import type { ApiKeyState, KeyGrants } from './state.ts';

/** Whether the key allows `scope`; 'admin' allows everything. */
export const allowsScope = (key: Pick<KeyGrants, 'scopes'>, scope: Scope): boolean =>
  key.scopes.includes('admin') || key.scopes.includes(scope);

/** Whether the key reaches `tenant`; '*' reaches all, and only '*' reaches '*'. */
export const allowsTenant = (key: Pick<KeyGrants, 'tenant'>, tenant: string): boolean => key.tenant === '*' || key.tenant === tenant;

/** Neither revoked nor expired at `nowMs` (Unix time). */
export function isUsable(state: ApiKeyState, nowMs: number): boolean {
  return state.status === 'active' && nowMs < endOf(state.key);
}

/** An admin of all tenants that can be used at `nowMs`: who has one can make every other key. */
export const isHouseAdmin = (state: ApiKeyState, nowMs: number): boolean =>
  state.status === 'active' && state.key.tenant === '*' && state.key.scopes.includes('admin') && isUsable(state, nowMs);

const endOf = ({ expiresAt }: Pick<KeyGrants, 'expiresAt'>): number =>
  expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);

/** What of `wanted` goes beyond `own`, in words; undefined if nothing does. */
export function beyondGrant(own: KeyGrants, wanted: KeyGrants): string | undefined {
  if (!allowsTenant(own, wanted.tenant)) return `the tenant ${wanted.tenant} is not its creator's`;
  const scope = wanted.scopes.find((s) => !allowsScope(own, s));
  if (scope !== undefined) return `the scope ${scope} is not its creator's`;
  if (endOf(wanted) > endOf(own)) return `it would outlive its creator, which expires at ${own.expiresAt}`;
  return undefined;
}
