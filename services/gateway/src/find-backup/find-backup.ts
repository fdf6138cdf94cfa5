import { type Caller, tenantFor } from '@dr/auth';
import { stateAt } from '@dr/config';
import { type BackupView, type CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';

/** Which backup a request means: an id, or `latest` with what narrows it. */
export interface WantedBackup {
  id: string;
  /** RFC 3339: the newest state from before that. */
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

/**
 * A completed backup is preferred to a newer partial one, and both to a snapshot. Newer is whose state is: a full that was made of a snapshot is as
 * old as that, so every one of a page that holds the data sets is compared, and also those that were made of older snapshots after the moment.
 */
async function latest(catalog: CatalogClient, caller: Caller, { asOf, tenantId, datasetIds = [] }: WantedBackup) {
  const tenant = tenantFor(caller, tenantId);
  if (tenant === undefined) return undefined;
  for (const { types, status } of PREFERRED) {
    const query = { scope: scopeOf(tenant), limit: LOOK_BACK, status };
    const promoted = asOf !== undefined && types[0] === 'full' ? [{ ...query, type: 'full', since: asOf, oldestFirst: true }] : [];
    const queries = [...types.map((type) => ({ ...query, type, until: asOf })), ...promoted];
    const pages = await Promise.all(queries.map((each) => catalog.listBackups(each)));
    const found = pages.flatMap(({ backups }) => (backups as BackupView[]).filter((b) => holdsAll(b, datasetIds)));
    const inTime = found.filter((backup) => asOf === undefined || stateAt(backup) < asOf);
    if (inTime.length > 0) return inTime.sort(newestFirst)[0];
  }
  return undefined;
}

/** Every one of the data sets is in the backup. */
export const holdsAll = ({ datasets }: BackupView, ids: readonly string[]): boolean =>
  ids.every((id) => datasets.some((d) => d.dataset_id === id && d.root));

const newestFirst = (a: BackupView, b: BackupView): number => (`${stateAt(a)} ${a.backup_id}` < `${stateAt(b)} ${b.backup_id}` ? 1 : -1);
