import { type Caller, listedTenant } from '@dr/auth';
import { scopeOf, type TenantScope } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';

/** Whose things a list shows: the named tenant's, else the key's own. @throws HttpProblem 404 for a tenant that the key may not see. */
export function listedScope(caller: Caller, named: string | undefined): TenantScope {
  const tenant = listedTenant(caller, named);
  if (tenant === undefined) throw notFound('tenant', named ?? '');
  return scopeOf(tenant);
}
