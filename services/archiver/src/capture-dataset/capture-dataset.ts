import { join } from 'node:path';
import { type DatasetReport, inspectDataset, planCapture, type SkippedFile } from '@dr/deeplake';
import { type DatasetRef, FINDINGS_MAX, type Finding, type RecordCaptured } from '@dr/domain';
import type { CapturedTree, Progress } from '@dr/repository';
import { openSourceFolder, type SourceFolder, SourceOutside } from '@dr/storage';
import type { SessionInUse } from '../sessions/open-sessions.ts';

export interface CaptureDataset extends SessionInUse {
  backupId: string;
  dataset: DatasetRef;
  /** Absolute folder that holds all data sets. */
  sourceRoot: string;
  now: () => number;
  signal?: AbortSignal;
  progress?: (progress: Progress) => void;
}

/**
 * Copies one data set into the session in the safe order of its format, makes it durable, and checks the structure of the COPY, not of
 * the source: only what can be restored counts. Whether it is intact follows from the findings.
 * @throws what the source, the store or the signal throws; what was stored until then is found again by the next try.
 */
export async function captureDataset(request: CaptureDataset): Promise<RecordCaptured> {
  const { session, tenant, backupId, dataset, now } = request;
  const folder = await openDataset(request.sourceRoot, dataset);
  const plan = await planCapture(folder, { now, format: dataset.format });
  const { signal, progress } = request;
  const tree = await session.capture({ datasetId: dataset.datasetId, root: folder.root, files: plan.files, signal, progress });
  await session.flush();
  const report = await inspectDataset(tenant.openFiles(tree.root), { format: plan.format });
  return recordOf(backupId, dataset, tree, { report, skipped: plan.skipped });
}

/** Between the request and now a folder on the way may have become a link, perhaps into another tenant's data. @throws SourceOutside */
async function openDataset(sourceRoot: string, { path }: DatasetRef): Promise<SourceFolder> {
  const { root } = await openSourceFolder(sourceRoot);
  const folder = await openSourceFolder(join(root, path));
  if (folder.root !== join(root, path)) throw new SourceOutside(join(root, path), 'a symbolic link lies on the way');
  return folder;
}

interface Looked {
  report: DatasetReport;
  skipped: readonly SkippedFile[];
}

function recordOf(backupId: string, { n, datasetId }: DatasetRef, tree: CapturedTree, { report, skipped }: Looked): RecordCaptured {
  const copyFindings = [
    ...tree.findings.map(({ path, kind, message }) => copyFinding(report.format, path, `${kind}: ${message}`)),
    ...skipped.flatMap(({ path, reason }) => (reason in LOST ? [copyFinding(report.format, path, LOST[reason]!)] : [])),
  ];
  const { branches, tags, rows: total, headVersion } = report;
  const { error, warning, info } = report.findingCounts;
  return {
    kind: 'recordCaptured',
    backupId,
    n,
    datasetId,
    format: report.format,
    root: tree.root,
    objects: tree.objects,
    bytes: tree.bytes,
    newBytes: tree.newBytes,
    storedBytes: tree.storedBytes,
    branches: branches.map(({ name, id, headVersion, rows }) => ({ name, id, headVersion, rows })),
    tags: tags.map(({ name, branch, version, rows }) => ({ name, branch, version, rows })),
    rows: total,
    findings: [...copyFindings, ...report.findings.map(findingOf)].slice(0, FINDINGS_MAX),
    findingCounts: { error: error + copyFindings.length, warning, info },
    ...(headVersion !== undefined && { headVersion }),
  };
}

const findingOf = ({ format, code, severity, path, message }: Finding): Finding => ({ format, code, severity, path, message });

/** What a plan leaves out although it may be data; everything else that it skips is written anew or worth nothing. */
const LOST: Readonly<Partial<Record<SkippedFile['reason'], string>>> = {
  'bad-name': 'not captured: its name is not valid UTF-8, so it could not be restored under the same name. Rename it.',
  special: 'not captured: it is a device, a pipe or a socket.',
};

/** Code W1 is ours: a file could not be copied as it was listed. A capture that lost or tore a file is not intact. */
function copyFinding(format: Finding['format'], path: string, message: string): Finding {
  return { format, code: 'W1', severity: 'error', path, message };
}
