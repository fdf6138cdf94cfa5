/** Names of files in a v4 data set. Source: DEEPLAKE_V4.md sections 2 and 2.1. */
export const LOG_ROOT = '_deeplake_log';
export const META_FOLDER = '_meta';
export const WAL_ROOT = '_deeplake_wal';
export const TRASH_ROOT = '_deeplake_gc_trash';
export const COUNTER_NAME = 'next_base';
/** The application's own file beside the data set, which makes it visible to the service; not Deep Lake's. */
export const APPLICATION_FILE = 'dataset_metadata.json';

const LOG_NAME = /^(\d{10})([a-z])([0-9a-f]{8})\.jsonl(\.lz4)?$/;
const LOG_FILE = /^_deeplake_log\/([^/]+)\/([^/]+\.jsonl(?:\.lz4)?)$/;
const COUNTER = /^_deeplake_log\/([^/]+)\/next_base$/;
const TEMPORARY = /^_deeplake_log\/(?:.*\/)?[^/]*\.tmp\.[^/]*$/;
const DATA_FILE = /^[0-9a-z]{1,13}\/(?:i\/)?[0-9a-z]{2}\/[0-9a-z]{23}$/;

export interface LogName {
  /** The 19 characters without extension; string order is version order. */
  readonly version: string;
  readonly base: number;
  readonly letter: string;
  /** The 8 hex digits: first base of a compaction, last kept base of a revert. */
  readonly argument: number;
  readonly compressed: boolean;
  /** An empty `o00000000` file of a running compaction: no commit. */
  readonly claim: boolean;
}

export function parseLogName(name: string): LogName | undefined {
  const match = LOG_NAME.exec(name);
  if (!match) return undefined;
  const [, base, letter, digits, lz4] = match as unknown as [string, string, string, string, string | undefined];
  const claim = letter === 'o' && digits === '00000000';
  return {
    version: name.slice(0, 19),
    base: Number(base),
    letter,
    argument: Number.parseInt(digits, 16),
    compressed: lz4 !== undefined,
    claim,
  };
}

/** What a path of a v4 data set is, by its name alone. 'unknown' is kept like data; only 'log' to 'trash' have rules of their own. */
export type PathKind =
  | { kind: 'log'; folder: string; name: string; log: LogName | undefined }
  | { kind: 'counter'; folder: string }
  | { kind: 'lock' | 'temporary' | 'wal' | 'trash' | 'data' | 'unknown' };

export function classifyPath(path: string): PathKind {
  if (path.endsWith('.lock')) return { kind: 'lock' };
  if (path.startsWith(`${TRASH_ROOT}/`)) return { kind: 'trash' };
  if (path.startsWith(`${WAL_ROOT}/`)) return { kind: 'wal' };
  if (path.startsWith(`${LOG_ROOT}/`)) return classifyLogPath(path);
  return { kind: DATA_FILE.test(path) ? 'data' : 'unknown' };
}

function classifyLogPath(path: string): PathKind {
  if (TEMPORARY.test(path)) return { kind: 'temporary' };
  const counter = COUNTER.exec(path);
  if (counter) return { kind: 'counter', folder: counter[1]! };
  const log = LOG_FILE.exec(path);
  if (!log) return { kind: 'unknown' };
  return { kind: 'log', folder: log[1]!, name: log[2]!, log: parseLogName(log[2]!) };
}

/** Version names from this on are the birth of a branch: they need no log file. */
export function isBirth(version: string): boolean {
  return version.startsWith('0000000000v');
}

/** The version of a branch that has no commit and no parent. */
export const BIRTH = '0000000000v00000000';
