import type { DatasetView } from './dataset-view.ts';
import type { DatasetReport } from './report.ts';

/** A data set of unknown layout: its bytes are kept and compared, its structure is not checked, and the report says so (X1). */
export async function inspectOpaque(view: DatasetView): Promise<DatasetReport> {
  let [count, bytes] = [0, 0];
  for await (const page of view.list()) {
    for (const { kind, size } of page) {
      if (kind !== undefined && kind !== 'file') continue;
      count++;
      bytes += size;
    }
  }
  return {
    format: 'opaque',
    intact: true,
    findings: [
      { format: 'opaque', code: 'X1', severity: 'info', path: '', message: 'unknown layout: bytes verified, structure not checked' },
    ],
    findingCounts: { error: 0, warning: 0, info: 1 },
    headVersion: undefined,
    branches: [],
    tags: [],
    rows: 0,
    versions: [],
    schema: [],
    files: { count, bytes, orphans: 0, orphanBytes: 0 },
  };
}
