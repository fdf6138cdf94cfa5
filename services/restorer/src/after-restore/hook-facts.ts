import type { EndedRestore, OpenRestore } from '@dr/domain';

/** What a hook is told, as JSON on its standard input or as the body of the request. */
export interface HookFacts {
  restore_id: string;
  backup_id: string;
  tenant_id: string;
  target_tenant: string;
  datasets: { from: string; to: string; status: 'completed' | 'partial' | 'failed' }[];
}

export function factsOf({ request, results }: OpenRestore | EndedRestore): HookFacts {
  const { restoreId, backupId, tenant, targetTenant, datasets } = request;
  const status = (n: number) => {
    const result = results.get(n);
    if (!result?.ok) return 'failed' as const;
    return result.lacks === undefined ? ('completed' as const) : ('partial' as const);
  };
  return {
    restore_id: restoreId,
    backup_id: backupId,
    tenant_id: tenant,
    target_tenant: targetTenant,
    datasets: datasets.map(({ n, from, to }) => ({ from, to, status: status(n) })),
  };
}

/** The same, for a command that reads no JSON. */
export const aboutOf = ({ restore_id, backup_id, tenant_id, target_tenant }: HookFacts): Record<string, string> => ({
  DR_RESTORE_ID: restore_id,
  DR_BACKUP_ID: backup_id,
  DR_TENANT: tenant_id,
  DR_TARGET_TENANT: target_tenant,
});
