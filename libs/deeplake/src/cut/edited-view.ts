import type { ByteRange } from '@dr/storage';
import type { DatasetView, ListedFile } from '../dataset-view.ts';
import type { RestoreRepair } from '../restore/restore-repair.ts';
import type { SyntheticFile } from '../restore/restore-rules.ts';

/** A captured data set as it lies there once a repair has been applied. */
export function editedView(view: DatasetView, { leaveOut, write }: RestoreRepair): DatasetView {
  if (leaveOut.size === 0 && write.length === 0) return view;
  const written = new Map(write.map((file) => [file.path, file]));
  return {
    async *list(prefix = '') {
      for await (const page of view.list(prefix)) yield page.filter(({ path }) => !leaveOut.has(path) && !written.has(path));
      yield [...written.values()].filter(({ path }) => path.startsWith(prefix)).map(listed);
    },
    async read(path, range) {
      const file = written.get(path);
      if (file) return part(file.content, range);
      if (leaveOut.has(path)) throw new Error(`${path} was left out`);
      return view.read(path, range);
    },
  };
}

const listed = ({ path, content, mtimeMs }: SyntheticFile): ListedFile => ({
  path,
  size: content.length,
  ...(mtimeMs !== undefined && { mtimeMs }),
});

const part = (content: Uint8Array, range: ByteRange | undefined): Uint8Array =>
  range === undefined ? content : content.subarray(range.start, range.end);

/** Two edits, the second planned on what the first makes, as one. */
export function composed(first: RestoreRepair, second: RestoreRepair): RestoreRepair {
  const write = [...first.write.filter(({ path }) => !second.leaveOut.has(path)), ...second.write];
  return { leaveOut: new Set([...first.leaveOut, ...second.leaveOut]), write, notes: [...first.notes, ...second.notes] };
}
