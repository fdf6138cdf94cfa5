import { type Caller, tenantFor } from '@dr/auth';
import { type BackupView, type CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';

/** Which backup a request means: an id, or `latest` with what narrows it. */
export interface WantedBackup {
  id: string;
  /** RFC 3339: the newest one requested before that. */
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

/** In the order of preference: what is restored without a second look should be whole, and a snapshot is as whole as its source still is. */
const PREFERRED = [
  { types: ['full', 'incremental', 'differential'], status: 'completed' },
  { types: ['full', 'incremental', 'differential'], status: 'partial' },
  { types: ['snapshot'], status: 'completed' },
  { types: ['snapshot'], status: 'partial' },
] as const;

/** A completed backup is preferred to a newer partial one, and both to a snapshot. */
async function latest(catalog: CatalogClient, caller: Caller, { asOf, tenantId, datasetIds = [] }: WantedBackup) {
  const tenant = tenantFor(caller, tenantId);
  if (tenant === undefined) return undefined;
  for (const { types, status } of PREFERRED) {
    const query = { scope: scopeOf(tenant), limit: LOOK_BACK, status, until: asOf };
    const pages = await Promise.all(types.map((type) => catalog.listBackups({ ...query, type })));
    const found = pages.flatMap(({ backups }) => (backups as BackupView[]).find((b) => holdsAll(b, datasetIds)) ?? []);
    if (found.length > 0) return found.sort(newestFirst)[0];
  }
  return undefined;
}

/** Every one of the data sets is in the backup. */
export const holdsAll = ({ datasets }: BackupView, ids: readonly string[]): boolean =>
  ids.every((id) => datasets.some((d) => d.dataset_id === id && d.root));

const newestFirst = (a: BackupView, b: BackupView): number => (`${a.timestamp} ${a.backup_id}` < `${b.timestamp} ${b.backup_id}` ? 1 : -1);
