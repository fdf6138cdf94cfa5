import { allowsScope, allowsTenant, beyondGrant, SCOPES, type Scope } from '@dr/domain';
import { GrantRefused, ScopeMissing, TenantNeeded, Unauthenticated } from './errors.ts';

/** What a key grants. `tenant` is a name, or '*' for all; `expiresAt` RFC 3339. */
export interface Grants {
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt?: string;
}

/** Who is asking: a key that was found good. */
export interface Caller extends Grants {
  readonly keyId: string;
}

/** A key as a read model keeps it: scopes as they were written, perhaps by a later version. */
export interface StoredKey {
  readonly keyId: string;
  readonly hash: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | null;
  readonly revoked: boolean;
}

/** Every decision here is pure: the stored key and the time come in. */

/** The caller behind a stored key that was looked up by its hash. @throws Unauthenticated when there is none, or it is revoked or expired at `now` (ms). */
export function callerOf(stored: StoredKey | undefined, now: number): Caller {
  if (stored === undefined || !isUsable(stored, now)) throw new Unauthenticated('invalid');
  const { keyId, tenant, expiresAt } = stored;
  const scopes = SCOPES.filter((scope) => stored.scopes.includes(scope));
  return { keyId, tenant, scopes, ...(expiresAt ? { expiresAt } : {}) };
}

/** Whether a key is neither revoked nor expired. Streams that are open ask again, so that a revoked key's are closed. An unreadable expiry is expired. */
export const isUsable = ({ revoked, expiresAt }: Pick<StoredKey, 'revoked' | 'expiresAt'>, now: number): boolean =>
  !revoked && (!expiresAt || now < Date.parse(expiresAt));

/** @throws ScopeMissing unless the caller has `scope`; admin has all. */
export function authorise(caller: Grants, scope: Scope): void {
  if (!allowsScope(caller, scope)) throw new ScopeMissing(scope);
}

/** Whether the caller may know of anything of `tenant`. If not, the answer is that of a thing that does not exist: 404, never 403. */
export const visibleTenant = (caller: Grants, tenant: string): boolean => allowsTenant(caller, tenant);

/**
 * The tenant that a request is about: the one it names, else the key's own.
 * @returns undefined when the caller may not see the one that it names (answer 404).
 * @throws TenantNeeded when a key of all tenants names none.
 */
export function tenantFor(caller: Grants, named: string | undefined): string | undefined {
  const tenant = named ?? caller.tenant;
  if (tenant === '*') throw new TenantNeeded();
  return visibleTenant(caller, tenant) ? tenant : undefined;
}

/** The tenant that a list is narrowed to; '*' = all. undefined when the caller may not see the one that it names (answer 404). */
export function listedTenant(caller: Grants, named: string | undefined): string | undefined {
  const tenant = named ?? caller.tenant;
  return visibleTenant(caller, tenant) ? tenant : undefined;
}

/** Whether `caller` may make a key with `wanted`; if not, `beyond` says what goes too far. */
export function mayGrant(
  caller: Grants,
  wanted: Grants,
): { readonly allowed: true } | { readonly allowed: false; readonly beyond: string } {
  const readable = wanted.expiresAt === undefined || !Number.isNaN(Date.parse(wanted.expiresAt));
  const beyond = readable ? beyondGrant(caller, wanted) : `its expiry ${wanted.expiresAt} is not a time`;
  return beyond === undefined ? { allowed: true } : { allowed: false, beyond };
}

/** As `mayGrant`. @throws GrantRefused. */
export function requireGrant(caller: Grants, wanted: Grants): void {
  const decision = mayGrant(caller, wanted);
  if (!decision.allowed) throw new GrantRefused(decision.beyond);
}
