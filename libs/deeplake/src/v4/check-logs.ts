import type { DatasetView } from '../dataset-view.ts';
import { reasonOf } from '../errors.ts';
import type { FindingList } from '../finding-list.ts';
import type { LogFile } from './catalog.ts';
import { missingNumbers } from './missing-numbers.ts';
import { META_FOLDER } from './paths.ts';
import type { LogFolder } from './read-logs.ts';

/** T4, T5, T6, T10, T11 and the names of T3: what a log folder shows by its names and its counter. */
export async function checkFolder(
  view: DatasetView,
  id: string,
  folder: LogFolder,
  findings: FindingList,
  gapsAtSource: boolean,
): Promise<void> {
  const where = `_deeplake_log/${id}`;
  for (const path of folder.badNames) findings.add('T3', 'error', path, 'the name is not that of a log file');
  for (const path of folder.claims) findings.add('T11', 'info', path, 'a compaction is running or was broken off');
  checkTwice(folder, findings);
  const highest = folder.files.reduce((most, { name }) => Math.max(most, name.base), 0);
  const [gap] = missingNumbers(folder.files);
  if (gap !== undefined)
    findings.add(
      'T5',
      gapsAtSource ? 'warning' : 'error',
      where,
      `commit ${gap} is missing below commit ${highest}${gapsAtSource ? ', at the source too' : ''}`,
    );
  if (folder.counter) await checkCounter(view, folder.counter, highest, findings);
}

function checkTwice({ files }: LogFolder, findings: FindingList): void {
  files.forEach((file, i) => {
    if (i > 0 && files[i - 1]!.name.version === file.name.version)
      findings.add('T4', 'error', file.path, `version ${file.name.version} exists twice: a commit was overwritten`);
  });
}

async function checkCounter(view: DatasetView, path: string, highest: number, findings: FindingList): Promise<void> {
  const bytes = await view.read(path).catch((error: unknown) => reasonOf(error));
  if (typeof bytes === 'string') return findings.add('T6', 'error', path, `the counter cannot be read: ${bytes}`);
  if (bytes.length !== 8) return findings.add('T6', 'error', path, `the counter has ${bytes.length} bytes instead of 8`);
  const next = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (next <= BigInt(highest))
    findings.add(
      'T6',
      'error',
      path,
      `the counter says ${next}, but commit ${highest} exists: newer commits are hidden and would be overwritten`,
    );
  else if (next > BigInt(highest) + 1n)
    findings.add('T10', 'info', path, `the counter says ${next}, the highest commit is ${highest}: a number was claimed or lost`);
}

/** T1: the meta log is there and begins as one. @returns false when nothing can be read without it. */
export function checkMeta(folder: LogFolder | undefined, files: readonly LogFile[], findings: FindingList): boolean {
  const where = `_deeplake_log/${META_FOLDER}`;
  if (!folder || folder.files.length === 0) {
    findings.add('T1', 'error', where, 'the meta log is missing: no reader can open the data set');
    return false;
  }
  const first = files.filter((f) => f.name.base === 1);
  if (first.length === 0) findings.add('T1', 'error', where, 'the first file of the meta log is missing: no reader can open the data set');
  const kinds = new Set(first.flatMap((f) => f.operations ?? []).map((o) => o.kind));
  const lacks = ['setId', 'createBranch'].filter((kind) => !kinds.has(kind as 'setId'));
  if (first.some((f) => f.operations) && lacks.length > 0)
    findings.add('T1', 'error', first[0]!.path, `the first meta commit lacks ${lacks.join(' and ')}`);
  return true;
}
