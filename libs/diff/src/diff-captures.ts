import { type BranchChange, type DatasetDiff, diffDataset, type RowChanges } from '@dr/deeplake';
import type { TenantRepository, TreeDifference } from '@dr/repository';
import type { Captured, DatasetChange, FileChange, FileChanges } from './dataset-change.ts';

const NONE = { files: 0, bytes: 0 } as const;
const NO_FILES: FileChanges = { added: NONE, changed: NONE, removed: NONE };
const NO_ROWS = { added: 0, updated: 0, deleted: 0 } as const;
const UNCHANGED = { files: NO_FILES, branches: [], tags: [], exact: true, notes: [] } as const;

/** Two captures of one data set, of which the later one has a tree. Reads what they do not have in common. */
export async function diffCaptures(tenant: TenantRepository, before: Captured, after: Captured): Promise<Omit<DatasetChange, 'datasetId'>> {
  const counts = rowCounts(before, after);
  const about = { format: after.format, ...counts };
  if (before.root === after.root) return { ...about, change: 'unchanged', ...UNCHANGED, rows: NO_ROWS };
  const files = await countFiles(tenant.differences(before.root!, after.root!));
  if (isSame(files) && before.format === after.format) return { ...about, change: 'unchanged', ...UNCHANGED, rows: NO_ROWS };
  if (before.format !== after.format) return { ...about, change: 'replaced', ...UNCHANGED, files };
  const diff = await diffDataset(tenant.openFiles(before.root!), tenant.openFiles(after.root!), after.format);
  if (!diff) return { ...about, change: 'changed', ...UNCHANGED, files };
  if (diff.replaced) return { ...about, change: 'replaced', ...UNCHANGED, files };
  const { branches, tags } = diff;
  return { ...about, change: 'changed', files, branches, tags, ...rowsOf(diff, counts) };
}

/** Trees of the same files differ where one pins what the other holds, and where files were only touched. */
const isSame = ({ added, changed, removed }: FileChanges): boolean => added.files + changed.files + removed.files === 0;

export function rowCounts(before: Captured | undefined, after: Captured | undefined): { rowsBefore?: number; rowsAfter?: number } {
  const tells = ({ format, rows }: Captured): number | undefined => (format === 'opaque' || typeof rows !== 'number' ? undefined : rows);
  const [rowsBefore, rowsAfter] = [before && tells(before), after && tells(after)];
  return { ...(rowsBefore !== undefined && { rowsBefore }), ...(rowsAfter !== undefined && { rowsAfter }) };
}

/** The rows of the main branch. A log that was rewritten shows in a sum that does not come out. */
function rowsOf(
  { branches, exact, notes }: DatasetDiff,
  { rowsBefore: before, rowsAfter: after }: { rowsBefore?: number; rowsAfter?: number },
): Pick<DatasetChange, 'rows' | 'exact' | 'notes'> {
  const main: BranchChange | undefined = branches.find(({ name }) => name === 'main');
  const rows: RowChanges | undefined = main ? main.rows : NO_ROWS;
  if (!rows)
    return { exact: false, notes: [...notes, 'The tensors of main changed by different numbers of rows, so only their own are told.'] };
  if (before === undefined || after === undefined || before + rows.added - rows.deleted === after) return { rows, exact, notes };
  const wrong = `The commits in between add up to ${rows.added} rows more and ${rows.deleted} fewer, but there were ${before} and are ${after}: older commits were changed.`;
  return { rows, exact: false, notes: [...notes, wrong] };
}

async function countFiles(differences: AsyncIterable<TreeDifference[]>): Promise<FileChanges> {
  const counts = { added: { ...NONE }, changed: { ...NONE }, removed: { ...NONE } } as Record<
    FileChange['change'],
    { files: number; bytes: number }
  >;
  for await (const page of differences)
    for (const difference of page) {
      const change = fileChange(difference);
      if (!change) continue;
      counts[change.change].files++;
      counts[change.change].bytes += change.bytesAfter ?? change.bytesBefore ?? 0;
    }
  return counts;
}

/** Folders are no change of content. */
export function fileChange({ path, before, after }: TreeDifference): FileChange | undefined {
  if ((before ?? after)!.kind === 'dir' && (after ?? before)!.kind === 'dir') return undefined;
  const sizes = { ...(before && { bytesBefore: before.size }), ...(after && { bytesAfter: after.size }) };
  return { path, change: before ? (after ? 'changed' : 'removed') : 'added', ...sizes };
}
