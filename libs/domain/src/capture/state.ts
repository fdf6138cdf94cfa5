import type { DatasetCaptured, DatasetCaptureFailed } from './events.ts';

export type CaptureState =
  | { readonly status: 'absent' }
  | { readonly status: 'captured'; readonly result: DatasetCaptured }
  | { readonly status: 'failed'; readonly result: DatasetCaptureFailed };

export const absentCapture: CaptureState = { status: 'absent' };
