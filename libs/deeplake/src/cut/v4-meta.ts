import type { DatasetView } from '../dataset-view.ts';
import type { SyntheticFile } from '../restore/restore-rules.ts';
import type { LogFile } from '../v4/catalog.ts';
import { logLines } from '../v4/log-file.ts';
import type { Operation } from '../v4/operation.ts';

/** The meta log after a cut: what stays as it is, and what is written anew in place of files that named left-out versions. */
export interface CutMeta {
  readonly files: readonly LogFile[];
  readonly leaveOut: readonly string[];
  readonly write: readonly SyntheticFile[];
}

/**
 * Takes operations out of the meta log. Files keep their numbers: one in the middle that has nothing left stays as an empty commit, those at the
 * end go. What is written anew is plain text whatever it was, and keeps its time.
 */
export async function cutMeta(
  view: DatasetView,
  files: readonly LogFile[],
  keep: (operation: Operation, file: LogFile) => boolean,
  timeOf: (file: LogFile) => number | undefined,
): Promise<CutMeta> {
  const kept = files.map((file) => ({ file, operations: file.operations?.filter((operation) => keep(operation, file)) }));
  const last = kept.findLastIndex(({ operations }) => operations === undefined || operations.length > 0);
  const leaveOut: string[] = kept.slice(last + 1).map(({ file }) => file.path);
  const write: SyntheticFile[] = [];
  const result: LogFile[] = [];
  for (const { file, operations } of kept.slice(0, last + 1)) {
    result.push({ ...file, operations });
    if (operations === undefined || operations.length === file.operations!.length) continue;
    leaveOut.push(file.path);
    const content = await rewritten(view, file, keep);
    write.push({ path: file.path.replace(/\.lz4$/, ''), content, mtimeMs: timeOf(file) });
  }
  return { files: result, leaveOut, write };
}

/** The lines as they were, without those whose operation goes; the first is the commit itself. */
async function rewritten(view: DatasetView, file: LogFile, keep: (operation: Operation, file: LogFile) => boolean): Promise<Uint8Array> {
  const lines = logLines(file.name, await view.read(file.path));
  const wanted = lines.filter((_, i) => i === 0 || keep(file.operations![i - 1]!, file));
  return Buffer.concat(wanted.flatMap((line) => [line, NEWLINE]));
}

const NEWLINE = Buffer.from('\n');
