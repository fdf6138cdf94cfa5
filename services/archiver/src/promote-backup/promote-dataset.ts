import { chunkerFor, type DatasetReport, inspectDataset } from '@dr/deeplake';
import { type DatasetRef, FINDINGS_MAX, type Finding, type RecordCaptured } from '@dr/domain';
import {
  type BackupSession,
  BackupUnknown,
  type CapturedTree,
  type CommitDataset,
  type Progress,
  type TenantRepository,
} from '@dr/repository';
import { DrError, openWhereItLay } from '@dr/storage';

export interface PromoteDataset {
  session: BackupSession;
  tenant: TenantRepository;
  backupId: string;
  dataset: DatasetRef;
  snapshotId: string;
  /** Absolute folder that holds all data sets. */
  sourceRoot: string;
  signal?: AbortSignal;
  progress?: (progress: Progress) => void;
}

/** The snapshot does not hold the data set, or nothing of it can be had any more: another try would not help. */
export class NotPromotable extends DrError {
  readonly code = 'promote.not_possible';
}

/**
 * Makes a data set of a snapshot whole, as it was then: what the snapshot refers to is taken over once its packs were read, what it only pins comes from
 * another backup or from the unchanged source. What is nowhere any more is named, and makes the data set partial. @throws NotPromotable; what the store throws
 */
export async function promoteDataset(request: PromoteDataset): Promise<RecordCaptured> {
  const { session, tenant, dataset, snapshotId, sourceRoot, signal, progress } = request;
  const captured = await datasetIn(tenant, snapshotId, dataset.datasetId);
  const { format, pinned } = captured;
  const place = await openWhereItLay(pinned ?? {}, sourceRoot);
  const source = typeof place === 'string' ? { why: place } : { root: place.root };
  const from = { datasetId: dataset.datasetId, snapshotId, from: captured.root, chunkerOf: chunkerFor(format) };
  const tree = await session.promote({ ...from, ...source, signal, progress });
  if (tree.objects === 0 && tree.findings.length > 0) throw new NotPromotable(nothingLeft(snapshotId, dataset, tree));
  await session.flush();
  return recordOf(request, captured, tree, await inspectDataset(tenant.openFiles(tree.root), { format }));
}

async function datasetIn(tenant: TenantRepository, snapshotId: string, datasetId: string): Promise<CommitDataset & { root: string }> {
  const commit = await tenant.commit(snapshotId).catch((error: unknown) => {
    if (error instanceof BackupUnknown || (error instanceof DrError && error.code.startsWith('repository.backup_')))
      throw new NotPromotable(error.message);
    throw error;
  });
  const found = commit.datasets.find((set) => set.datasetId === datasetId);
  if (found?.root !== undefined) return { ...found, root: found.root };
  throw new NotPromotable(`Snapshot ${snapshotId} does not hold data set ${datasetId}, so it cannot be made whole.`);
}

const nothingLeft = (snapshotId: string, { datasetId }: DatasetRef, { findings }: CapturedTree): string =>
  `Nothing of data set ${datasetId} of snapshot ${snapshotId} is left: ${findings.length} files are gone, the first is ${findings[0]!.path} (${findings[0]!.message}).`;

function recordOf(
  { backupId, dataset: { n, datasetId } }: PromoteDataset,
  captured: CommitDataset,
  tree: CapturedTree,
  report: DatasetReport,
): RecordCaptured {
  const { format } = captured;
  const gone = tree.findings.map(
    ({ path, kind, message }): Finding => ({ format, code: 'W1', severity: 'error', path, message: `${kind}: ${message}` }),
  );
  const ours = [...gone, ...lossesOf(captured)];
  const errors = ours.filter(({ severity }) => severity === 'error').length;
  const { branches, tags, rows, headVersion, findingCounts } = report;
  const { root, objects, bytes, newBytes, storedBytes } = tree;
  return {
    kind: 'recordCaptured',
    ...{ backupId, n, datasetId, format, root, objects, bytes, newBytes, storedBytes, rows },
    branches: branches.map((branch) => ({ name: branch.name, id: branch.id, headVersion: branch.headVersion, rows: branch.rows })),
    tags: tags.map((tag) => ({ name: tag.name, branch: tag.branch, version: tag.version, rows: tag.rows })),
    findings: [...ours, ...report.findings].slice(0, FINDINGS_MAX),
    findingCounts: { ...findingCounts, error: findingCounts.error + errors, info: findingCounts.info + ours.length - errors },
    ...(headVersion !== undefined && { headVersion }),
  };
}

/** What the snapshot itself did not get of its source stays lost; W6 said what it only pinned. */
const lossesOf = ({ findings = [] }: CommitDataset): Finding[] =>
  (findings as Finding[]).filter(({ code }) => code.startsWith('W') && code !== 'W6');
