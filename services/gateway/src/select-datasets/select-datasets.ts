import { type DatasetRef, discoverDatasets } from '@dr/deeplake';
import { openSourceFolder } from '@dr/storage';
import { HttpProblem } from '../http/problem.ts';

/** What a backup request selects: one tenant's data sets, all of them or those named. */
export interface Selection {
  tenant: string;
  datasets: DatasetRef[];
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
export async function selectDatasets(sourceRoot: string, request: SelectionRequest): Promise<Selection[]> {
  const byTenant = await discoverByTenant(sourceRoot, request.tenant);
  const selections = [...byTenant].map(([tenant, found]) => ({ tenant, datasets: choose(found, request.datasetIds) }));
  const filled = selections.filter(({ datasets }) => datasets.length > 0);
  refuseUnknown(filled, request);
  if (filled.length === 0) throw nothingSelected(request);
  return filled.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
}

async function discoverByTenant(sourceRoot: string, tenant: string | undefined): Promise<Map<string, DatasetRef[]>> {
  const source = await openSourceFolder(sourceRoot);
  const found = new Map<string, DatasetRef[]>();
  for await (const item of discoverDatasets(source, { tenant })) {
    if (item.kind !== 'dataset') continue;
    found.set(item.tenant, [...(found.get(item.tenant) ?? []), item]);
  }
  return found;
}

function choose(found: readonly DatasetRef[], ids: readonly string[] | undefined): DatasetRef[] {
  const wanted = ids && new Set(ids);
  const chosen = found.filter(({ datasetId }) => !wanted || wanted.has(datasetId));
  return chosen.sort((a, b) => (a.datasetId < b.datasetId ? -1 : 1));
}

function refuseUnknown(selections: readonly Selection[], { datasetIds }: SelectionRequest): void {
  const known = new Set(selections.flatMap(({ datasets }) => datasets.map((d) => d.datasetId)));
  const unknown = [...new Set(datasetIds ?? [])].filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new HttpProblem(404, 'backup.unknown_dataset', `There is no data set ${unknown.join(', ')}; nothing was backed up.`, {
    errors: unknown.map((id) => ({ pointer: `/dataset_ids/${(datasetIds ?? []).indexOf(id)}`, message: `no data set ${id}` })),
  });
}

const nothingSelected = ({ tenant }: SelectionRequest): HttpProblem =>
  new HttpProblem(
    422,
    'backup.nothing_selected',
    `No data set was found${tenant === undefined ? '' : ` for tenant ${tenant}`}, so there is nothing to back up. ` +
      'Check the tenant and that DEEPLAKE_STORAGE_LOCATION names the folder that holds <tenant>/<dataset>.',
  );
