import type { DatasetView } from '../dataset-view.ts';
import { Listing } from '../listing.ts';
import { type LogFile, readCatalog } from '../v4/catalog.ts';
import { History } from '../v4/history.ts';
import { META_FOLDER } from '../v4/paths.ts';
import { groupLogs, readLogs } from '../v4/read-logs.ts';

/** A v4 data set as a cut sees it: its logs, when each was written, and every file. */
export interface V4Reading {
  readonly listing: Listing;
  readonly meta: readonly LogFile[];
  readonly history: History;
  /** The storage time of a log file in milliseconds (its mtime), else the writer's clock. */
  readonly timeOf: (file: LogFile) => number | undefined;
}

/** Log files that cannot be read count as empty commits: the checks report them. */
export async function readV4(view: DatasetView): Promise<V4Reading> {
  const { listing, times } = await listWithTimes(view);
  const folders = groupLogs(listing.sizes.keys());
  const read = (id: string): Promise<LogFile[]> => readLogs(view, folders.get(id)?.files ?? [], () => undefined);
  const meta = await read(META_FOLDER);
  const catalog = readCatalog(meta);
  const logs = new Map<string, LogFile[]>();
  for (const id of catalog.branches.keys()) logs.set(id, await read(id));
  const timeOf = ({ path, writtenAtMs }: LogFile): number | undefined => times.get(path) ?? writtenAtMs;
  return { listing, meta, history: new History(catalog, logs), timeOf };
}

async function listWithTimes(view: DatasetView): Promise<{ listing: Listing; times: Map<string, number> }> {
  const listing = new Listing();
  const times = new Map<string, number>();
  for await (const page of view.list())
    for (const { path, size, kind = 'file', mtimeNs, mtimeMs } of page) {
      if (kind !== 'file') continue;
      listing.add(path, size);
      const at = mtimeNs === undefined ? mtimeMs : Number(mtimeNs / 1_000_000n);
      if (at !== undefined && path.startsWith('_deeplake_log/')) times.set(path, Math.floor(at));
    }
  return { listing, times };
}
