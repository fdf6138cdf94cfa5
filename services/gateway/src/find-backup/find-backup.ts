import { type Caller, tenantFor } from '@dr/auth';
import { type BackupView, type CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';

/** Which backup a request means: an id, or `latest` with what narrows it. */
export interface WantedBackup {
  id: string;
  /** RFC 3339: the newest one requested by then. */
  asOf?: string;
  tenantId?: string;
  datasetIds?: readonly string[];
}

/** How many of the newest backups are looked at for one that holds the data sets. */
const LOOK_BACK = 200;

/**
 * @throws HttpProblem 404 when there is none that the key may see; TenantNeeded for `latest` by a key of all tenants that names none.
 */
export async function findBackup(catalog: CatalogClient, caller: Caller, wanted: WantedBackup): Promise<BackupView> {
  const found = wanted.id === 'latest' ? await latest(catalog, caller, wanted) : await catalog.backup(wanted.id, scopeOf(caller.tenant));
  const isOther = found !== undefined && wanted.tenantId !== undefined && found.tenant_id !== wanted.tenantId;
  if (found === undefined || isOther) throw notFound('backup', wanted.id);
  return found;
}

/** A completed backup is preferred to a newer partial one: what is restored without a second look should be whole. */
async function latest(catalog: CatalogClient, caller: Caller, { asOf, tenantId, datasetIds = [] }: WantedBackup) {
  const tenant = tenantFor(caller, tenantId);
  if (tenant === undefined) return undefined;
  for (const status of ['completed', 'partial']) {
    const { backups } = await catalog.listBackups({ scope: scopeOf(tenant), limit: LOOK_BACK, status, until: asOf });
    const holder = (backups as BackupView[]).find((b) => datasetIds.every((id) => b.datasets.some((d) => d.dataset_id === id && d.root)));
    if (holder) return holder;
  }
  return undefined;
}
