import type { Commit, CommitDataset, TenantRepository } from '@dr/repository';
import type { DatasetChange, FileChange } from './dataset-change.ts';
import { diffCaptures, fileChange, rowCounts } from './diff-captures.ts';

export interface DiffRequest {
  tenant: TenantRepository;
  before: Pick<Commit, 'datasets'>;
  after: Pick<Commit, 'datasets'>;
  /** Default: every data set of either. */
  datasetId?: string;
  /** Only data sets behind this one, in the order of their ids. */
  behind?: string;
}

/** Data sets in the order of their ids, one after the other, as they are asked for. What a backup lost of a data set is not in it. */
export async function* diffBackups({ tenant, before, after, datasetId, behind = '' }: DiffRequest): AsyncGenerator<DatasetChange> {
  const [was, is] = [byId(before), byId(after)];
  const ids = [...new Set([...was.keys(), ...is.keys()])].filter((id) => id > behind && (datasetId === undefined || id === datasetId));
  for (const id of ids.sort()) yield { datasetId: id, ...(await changeOf(tenant, was.get(id), is.get(id))) };
}

const byId = ({ datasets }: Pick<Commit, 'datasets'>): Map<string, CommitDataset> =>
  new Map(datasets.filter(({ root }) => root !== undefined).map((dataset) => [dataset.datasetId, dataset]));

const NONE = { files: 0, bytes: 0 };
const NOTHING = { branches: [], tags: [], exact: true, notes: [] } as const;

async function changeOf(
  tenant: TenantRepository,
  before: CommitDataset | undefined,
  after: CommitDataset | undefined,
): Promise<Omit<DatasetChange, 'datasetId'>> {
  if (before && after) return diffCaptures(tenant, before, after);
  const one = (before ?? after)!;
  const amount = { files: one.objects, bytes: one.bytes };
  const counts = { format: one.format, ...rowCounts(before, after) };
  if (after) return { ...counts, change: 'added', ...NOTHING, files: { added: amount, changed: NONE, removed: NONE } };
  return { ...counts, change: 'removed', ...NOTHING, files: { added: NONE, changed: NONE, removed: amount } };
}

/** The files of a data set that are not the same in both, in the order of their paths, in pages. `behind`: a path that was told already. */
export async function* changedFiles(
  tenant: TenantRepository,
  before: Pick<CommitDataset, 'root'>,
  after: Pick<CommitDataset, 'root'>,
  behind = '',
): AsyncGenerator<FileChange[]> {
  const place = Buffer.from(behind);
  for await (const page of tenant.differences(before.root!, after.root!)) {
    const told = page
      .filter(({ path }) => Buffer.compare(Buffer.from(path), place) > 0)
      .flatMap((difference) => fileChange(difference) ?? []);
    if (told.length > 0) yield told;
  }
}
