import type { Reading } from './meter.ts';
import type { OperationProgress } from './read-progress.schema.ts';

/** What the catalog says of an operation, of whichever kind. */
export interface KnownOperation {
  id: string;
  kind: OperationProgress['kind'];
  status: string;
  datasets_total: number | null;
  datasets_done: number | null;
  /** Sums over the data sets that have their result, once they do. */
  objects: number | null;
  bytes: number | null;
}

const ENDED = ['completed', 'partial', 'failed', 'cancelled', 'deleting', 'deleted', 'passed', 'error'];

/** One answer from the catalog's view, which is sure, and the workers' readings, which are fresh. */
export function progressOf(operation: KnownOperation, reading: Reading | undefined): OperationProgress {
  const ended = ENDED.includes(operation.status);
  const totals = ended ? endTotals(operation, reading) : runningTotals(operation, reading);
  const left = totals.bytes_total === null ? null : totals.bytes_total - totals.bytes_done;
  const rate = ended ? null : (reading?.bytesPerSecond ?? null);
  return {
    operation_id: operation.id,
    kind: operation.kind,
    status: operation.status,
    ended,
    datasets_total: operation.datasets_total,
    datasets_done: operation.datasets_done,
    ...totals,
    bytes_per_second: rate,
    eta_seconds: ended ? 0 : left !== null && rate ? Math.ceil(Math.max(0, left) / rate) : null,
    updated_at: reading ? new Date(reading.at).toISOString() : null,
  };
}

type Totals = Pick<OperationProgress, 'objects_done' | 'objects_total' | 'bytes_done' | 'bytes_total'>;

function endTotals({ objects, bytes }: KnownOperation, reading: Reading | undefined): Totals {
  const [objectsDone, bytesDone] = [objects ?? reading?.objects ?? 0, bytes ?? reading?.bytes ?? 0];
  return { objects_done: objectsDone, objects_total: objectsDone, bytes_done: bytesDone, bytes_total: bytesDone };
}

/** Totals are known when every data set was heard of; before that they would only grow, and the estimate with them. */
function runningTotals({ datasets_total }: KnownOperation, reading: Reading | undefined): Totals {
  const isWhole = reading !== undefined && reading.parts >= (datasets_total ?? 1);
  return {
    objects_done: reading?.objects ?? 0,
    objects_total: isWhole ? reading.objectsTotal : null,
    bytes_done: reading?.bytes ?? 0,
    bytes_total: isWhole ? reading.bytesTotal : null,
  };
}
