import type { DatasetView } from '../dataset-view.ts';
import { type Catalog, type LogFile, readCatalog } from '../v4/catalog.ts';
import { History } from '../v4/history.ts';
import type { Operation } from '../v4/operation.ts';
import { LOG_ROOT, META_FOLDER } from '../v4/paths.ts';
import { groupLogs, readLogs } from '../v4/read-logs.ts';

/** A v4 data set by its meta log and the names of its other logs; these are read one by one, when what they say is asked for. */
export interface V4Names {
  readonly catalog: Catalog;
  readonly history: History;
  /** The operations of some log files, in their order. @param broken told of one that cannot be read */
  readonly operations: (files: readonly LogFile[], broken: (path: string) => void) => AsyncGenerator<readonly Operation[]>;
  /** The greatest version name of a branch, compactions included, else where it was born. */
  readonly headOf: (branch: string) => string;
}

/**
 * Compactions are left out of the history: they say again what the commits under them said, which Deep Lake keeps. So the commits of an earlier
 * capture are found again in a later one.
 */
export async function readV4Names(view: DatasetView): Promise<V4Names> {
  const paths: string[] = [];
  for await (const page of view.list(LOG_ROOT)) for (const { path, kind = 'file' } of page) if (kind === 'file') paths.push(path);
  const folders = groupLogs(paths);
  const read = (files: readonly LogFile[], broken: (path: string) => void) => readLogs(view, files, ({ path }) => broken(path));
  const meta = await readLogs(view, folders.get(META_FOLDER)?.files ?? [], () => undefined);
  const catalog = readCatalog(meta);
  const named = (id: string): LogFile[] => (folders.get(id)?.files ?? []).map((file) => ({ ...file, operations: undefined }));
  const logs = new Map([...catalog.branches.keys()].map((id) => [id, named(id)] as const));
  const whole = new History(catalog, logs);
  const commits = new Map([...logs].map(([id, files]) => [id, files.filter(({ name }) => name.letter !== 'o')] as const));
  async function* operations(files: readonly LogFile[], broken: (path: string) => void): AsyncGenerator<readonly Operation[]> {
    for (let i = 0; i < files.length; i += READ_AT_ONCE)
      for (const file of await read(files.slice(i, i + READ_AT_ONCE), broken)) yield file.operations ?? [];
  }
  return { catalog, history: new History(catalog, commits), operations, headOf: (id) => whole.head(catalog.branches.get(id)!) };
}

/** Logs that are in memory at a time. */
const READ_AT_ONCE = 16;

/** What a log file is called, whether it is compressed or not. */
export const logKey = ({ path }: LogFile): string => path.replace(/\.lz4$/, '');
