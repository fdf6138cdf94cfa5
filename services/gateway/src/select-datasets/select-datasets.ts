import { type DatasetRef, discoverDatasets, type Unprotected } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { HttpProblem } from '../http/problem.ts';

/** What a backup request selects: one tenant's data sets, all of them or those named. */
export interface Selection {
  tenant: string;
  datasets: DatasetRef[];
  /** What lies there and is in no data set, so in no backup. */
  unprotected: Unprotected[];
}

export interface Selected {
  /** One per tenant that has data sets. */
  selections: Selection[];
  /** What is in no data set and of no tenant that has any: a tenant's folder that may not be looked into, say. */
  elsewhere: Unprotected[];
}

export interface SelectionRequest {
  /** Absent: every tenant that has data sets. */
  tenant?: string;
  datasetIds?: readonly string[];
}

/**
 * Looks at the source as it is now. One Selection per tenant, data sets in the order of their ids.
 * @throws HttpProblem 422 `backup.nothing_selected` when there is nothing to protect, 404 `backup.unknown_dataset` naming ids that are not there:
 * an empty or a narrower backup must never look like a success.
 */
export async function selectDatasets(sourceRoot: string, request: SelectionRequest): Promise<Selected> {
  const { datasets, unprotected } = await discover(sourceRoot, request.tenant);
  const selections = [...Map.groupBy(datasets, ({ tenant }) => tenant)].map(([tenant, found]) => ({
    tenant,
    datasets: choose(found, request.datasetIds),
    unprotected: unprotected.filter((item) => concerns(item, tenant)),
  }));
  const filled = selections.filter((selection) => selection.datasets.length > 0);
  refuseUnknown(filled, request, unprotected);
  if (filled.length === 0) throw nothingSelected(request, unprotected);
  const elsewhere = unprotected.filter((item) => !filled.some(({ tenant }) => concerns(item, tenant)));
  return { selections: filled.sort((a, b) => (a.tenant < b.tenant ? -1 : 1)), elsewhere };
}

async function discover(sourceRoot: string, tenant: string | undefined): Promise<{ datasets: DatasetRef[]; unprotected: Unprotected[] }> {
  const [datasets, unprotected]: [DatasetRef[], Unprotected[]] = [[], []];
  for await (const item of discoverDatasets(await openSourceFolder(sourceRoot), { tenant })) {
    if (item.kind === 'dataset') datasets.push(item);
    else unprotected.push(item);
  }
  return { datasets, unprotected };
}

/** What lies in the place of a tenant's folder and could not be looked into belongs to no tenant yet, but to the one of its name. */
export const concerns = ({ tenant, path }: Pick<Unprotected, 'tenant' | 'path'>, name: string): boolean =>
  tenant === name || (tenant === undefined && path === name);

function choose(found: readonly DatasetRef[], ids: readonly string[] | undefined): DatasetRef[] {
  const wanted = ids && new Set(ids);
  const chosen = found.filter(({ datasetId }) => !wanted || wanted.has(datasetId));
  return chosen.sort((a, b) => (a.datasetId < b.datasetId ? -1 : 1));
}

function refuseUnknown(
  selections: readonly Selection[],
  { datasetIds, tenant }: SelectionRequest,
  unprotected: readonly Unprotected[],
): void {
  const known = new Set(selections.flatMap(({ datasets }) => datasets.map((d) => d.datasetId)));
  const unknown = [...new Set(datasetIds ?? [])].filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new HttpProblem(404, 'backup.unknown_dataset', `There is no data set ${unknown.join(', ')}; nothing was backed up.`, {
    errors: unknown.map((id) => ({
      pointer: `/dataset_ids/${(datasetIds ?? []).indexOf(id)}`,
      message: `no data set ${id}${whyNot(unprotected.find(({ path }) => path === id || path === `${tenant}/${id}`))}`,
    })),
  });
}

const whyNot = (item: Unprotected | undefined): string => (item ? `: what lies there is not protected (${item.reason})` : '');

const NAMED_MAX = 3;

function unprotectedToo(unprotected: readonly Unprotected[]): string {
  if (unprotected.length === 0) return '';
  const named = unprotected.slice(0, NAMED_MAX).map(({ path, reason }) => `${path} (${reason})`);
  return `What lies there is not protected: ${named.join(', ')}${unprotected.length > NAMED_MAX ? ' and more' : ''}. `;
}

const nothingSelected = ({ tenant }: SelectionRequest, unprotected: readonly Unprotected[]): HttpProblem =>
  new HttpProblem(
    422,
    'backup.nothing_selected',
    `No data set was found${tenant === undefined ? '' : ` for tenant ${tenant}`}, so there is nothing to back up. ${unprotectedToo(unprotected)}` +
      'Check the tenant and that DEEPLAKE_STORAGE_LOCATION names the folder that holds <tenant>/<dataset>.',
  );
