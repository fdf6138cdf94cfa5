import { type Caller, tenantFor } from '@dr/auth';
import { stateAt } from '@dr/config';
import { chooseAsOf, type Unreached } from '@dr/deeplake';
import { type BackupView, type CatalogClient, scopeOf } from '../catalog-client.ts';
import { HttpProblem, notFound } from '../http/problem.ts';
import { findBackup, holdsAll, type WantedBackup } from './find-backup.ts';

/** The backup for a moment. With `asOf` its data sets are cut to that, and those of `without` did not exist then. */
export interface FoundBackup {
  backup: BackupView;
  asOf?: string;
  without?: readonly Unreached[];
}

/** Of the backups from after the moment, how many are fetched to find some that hold what is wanted. */
const FETCHED = 50;
const TYPES = ['full', 'incremental', 'differential'] as const;

/**
 * The oldest backup from after the moment whose histories reach back to it; else the newest from before, which is not cut.
 * @param unreached which data sets of a backup cannot be cut to the moment
 * @throws HttpProblem 404 when there is no backup at all, 422 when none gives the data sets as they were then
 */
export async function findAsOf(
  catalog: CatalogClient,
  caller: Caller,
  wanted: WantedBackup & { asOf: string },
  unreached: (backup: BackupView) => Promise<readonly Unreached[]>,
): Promise<FoundBackup> {
  const { asOf, datasetIds } = wanted;
  const choice = await chooseAsOf<BackupView>({
    after: await beganAfter(catalog, caller, wanted),
    before: () => findBackup(catalog, caller, wanted).catch(nothing),
    datasetsOf: ({ datasets }) => datasets.filter(({ root }) => root).map(({ dataset_id }) => dataset_id),
    unreached,
    named: datasetIds !== undefined,
  });
  if (choice.backup) return choice.cut ? { backup: choice.backup, asOf, without: choice.without } : { backup: choice.backup };
  const [first] = choice.why;
  if (!first) throw notFound('backup', wanted.id);
  const told = choice.why.map(({ message }) => message).join(' ');
  throw new HttpProblem(422, first.code, `Nothing was restored: no backup is from before ${asOf}, and of those from after it: ${told}`);
}

/** Oldest first, those that hold every data set that was named, in a state from after the moment. */
async function beganAfter(
  catalog: CatalogClient,
  caller: Caller,
  { asOf, tenantId, datasetIds = [] }: WantedBackup & { asOf: string },
): Promise<BackupView[]> {
  const tenant = tenantFor(caller, tenantId);
  if (tenant === undefined) return [];
  const query = { scope: scopeOf(tenant), limit: FETCHED, since: asOf, oldestFirst: true };
  const lists = TYPES.flatMap((type) => ['completed', 'partial'].map((status) => catalog.listBackups({ ...query, type, status })));
  const found = (await Promise.all(lists)).flatMap(({ backups }) => backups as BackupView[]);
  const late = found.filter((backup) => holdsAll(backup, datasetIds) && stateAt(backup) >= asOf);
  return late.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

const keyOf = (backup: BackupView): string => `${stateAt(backup)} ${backup.backup_id}`;

function nothing(error: unknown): undefined {
  if (error instanceof HttpProblem && error.status === 404) return undefined;
  throw error;
}
