import type { CommittedDataset } from '../backup/commands.ts';
import type { DatasetRef, Finding } from '../dataset/dataset.ts';
import type { DatasetCaptured } from './events.ts';
import type { CaptureState } from './state.ts';

/** What a commit says of a data set, from its capture stream: the archiver writes it into the manifest. */
export function committedDataset(ref: DatasetRef, capture: CaptureState): CommittedDataset {
  if (capture.status === 'captured') return fromCaptured(capture.result);
  const { datasetId, format } = ref;
  const cause = capture.status === 'failed' ? capture.result.message : 'Its capture did not end.';
  return { datasetId, format, status: 'failed', objects: 0, bytes: 0, newBytes: 0, cause };
}

function fromCaptured({
  datasetId,
  format,
  root,
  objects,
  bytes,
  newBytes,
  rows,
  headVersion,
  ...result
}: DatasetCaptured): CommittedDataset {
  const facts = { datasetId, format, root, objects, bytes, newBytes, rows, ...(headVersion === undefined ? {} : { headVersion }) };
  if (result.intact) return { ...facts, status: 'completed' };
  return { ...facts, status: 'partial', cause: causeOf(result.findings, result.findingCounts.error) };
}

function causeOf(findings: readonly Finding[], errors: number): string {
  const first = findings.find((finding) => finding.severity === 'error');
  if (first === undefined) return `${errors} errors were found.`;
  const where = first.path === '' ? '' : ` in ${first.path}`;
  return `${first.format} ${first.code}${where}: ${first.message}${errors > 1 ? ` (and ${errors - 1} more)` : ''}`;
}

/**
 * What to do in storage when all captures have ended: commit if anything was captured, torn or not; a tombstone if nothing was,
 * for a backup that holds nothing must not look like one.
 */
export function endToPropose(captures: readonly CaptureState[]): 'commit' | 'tombstone' {
  return captures.some((capture) => capture.status === 'captured') ? 'commit' : 'tombstone';
}
