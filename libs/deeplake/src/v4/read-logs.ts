import { mapConcurrent } from '../concurrency.ts';
import type { DatasetView } from '../dataset-view.ts';
import { Malformed, reasonOf } from '../errors.ts';
import type { LogFile } from './catalog.ts';
import { parseLogFile } from './log-file.ts';
import { classifyPath, type LogName } from './paths.ts';

/** What a log folder holds, by names alone. `files` are sorted by version and hold neither claims nor bad names. */
export interface LogFolder {
  readonly files: LogPath[];
  readonly claims: string[];
  readonly badNames: string[];
  counter: string | undefined;
}

export interface LogPath {
  readonly path: string;
  readonly name: LogName;
}

/** A log file that could not be read or parsed (T3). */
export interface Unreadable {
  readonly path: string;
  readonly reason: string;
}

/** A log file may be this big (a delete of 10 million scattered rows is 200 MB); larger ones are not read. */
export const LOG_BYTES_MAX = 512 * 1024 * 1024;
const READS_AT_ONCE = 8;

/** Sorts the paths of a data set into its log folders: `_meta` and one per branch id. */
export function groupLogs(paths: Iterable<string>): Map<string, LogFolder> {
  const folders = new Map<string, LogFolder>();
  const folder = (name: string): LogFolder => {
    const known = folders.get(name) ?? { files: [], claims: [], badNames: [], counter: undefined };
    folders.set(name, known);
    return known;
  };
  for (const path of paths) {
    const kind = classifyPath(path);
    if (kind.kind === 'counter') folder(kind.folder).counter = path;
    if (kind.kind !== 'log') continue;
    if (!kind.log) folder(kind.folder).badNames.push(path);
    else if (kind.log.claim) folder(kind.folder).claims.push(path);
    else folder(kind.folder).files.push({ path, name: kind.log });
  }
  for (const { files } of folders.values()) files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return folders;
}

/** Reads and parses log files. One that cannot be read or parsed has no operations and is reported (T3). */
export async function readLogs(view: DatasetView, files: readonly LogPath[], unreadable: (file: Unreadable) => void): Promise<LogFile[]> {
  return mapConcurrent(files, READS_AT_ONCE, async ({ path, name }) => {
    try {
      const bytes = await view.read(path);
      if (bytes.length > LOG_BYTES_MAX) throw new Malformed(`the log file has ${bytes.length} bytes, more than any real one`);
      return { path, name, ...parseLogFile(name, bytes) };
    } catch (error) {
      unreadable({ path, reason: reasonOf(error) });
      return { path, name, operations: undefined };
    }
  });
}
