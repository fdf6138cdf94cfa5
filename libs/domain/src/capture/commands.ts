import type { FindingCounts } from '../dataset/dataset.ts';
import type { DatasetCaptured, DatasetCaptureFailed } from './events.ts';

export type CaptureCommand = RecordCaptured | RecordCaptureFailed;

/**
 * Whether the data set is intact is not for the caller to say: it follows from the findings.
 * `findingCounts` may be left out when `findings` is the complete list.
 */
export interface RecordCaptured extends Omit<DatasetCaptured, 'intact' | 'findingCounts'> {
  readonly kind: 'recordCaptured';
  readonly findingCounts?: FindingCounts;
}

export interface RecordCaptureFailed extends Omit<DatasetCaptureFailed, 'findingCounts'> {
  readonly kind: 'recordFailed';
  readonly findingCounts?: FindingCounts;
}
