/** Whose things: one tenant's, or everybody's for a `*` key. */
export type TenantScope = { tenant: string } | { allTenants: true };
