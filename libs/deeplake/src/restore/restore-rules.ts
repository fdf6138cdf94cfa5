import type { DatasetFormat } from '../finding.ts';
import { chunkOf, VERSION_INFO } from '../v3/paths.ts';
import { APPLICATION_FILE, COUNTER_NAME, classifyPath, LOG_ROOT, META_FOLDER } from '../v4/paths.ts';

/** Stages of a restore; every file of a stage is durable before the next begins. Source: DEEPLAKE.md section 3.3, DEEPLAKE_V4.md section 7.2. */
const LAST_STAGE = 9;

/**
 * When a file is written in a restore: by rising stage, within a stage by path (so that branch logs come lowest number first). Nothing opens
 * the data set before the last stages: v4 `_meta` commit 1, v3 `version_control_info.json`, and the application's file last of all.
 */
export function restoreStage(path: string, format: DatasetFormat): number {
  if (path === APPLICATION_FILE) return LAST_STAGE;
  if (format === 'v4') return v4Stage(path);
  if (format === 'v3') return v3Stage(path);
  return path === 'meta.json' ? 1 : 0;
}

/** Comparator for `restoreStage`, then path in byte order. */
export function restoreOrder(format: DatasetFormat): (a: string, b: string) => number {
  return (a, b) => restoreStage(a, format) - restoreStage(b, format) || Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Does this file make the data set visible to readers? Such files come last, and go first when a data set is taken away. */
export function makesRootVisible(path: string, format: DatasetFormat): boolean {
  if (path === APPLICATION_FILE) return true;
  if (format === 'v4') return isFirstMeta(path);
  return format === 'v3' ? path === VERSION_INFO || path === 'dataset_meta.json' : path === 'meta.json';
}

function v4Stage(path: string): number {
  const kind = classifyPath(path);
  if (kind.kind === 'counter') return 3;
  if (kind.kind !== 'log') return 0;
  if (kind.folder !== META_FOLDER) return 1;
  return isFirstMeta(path) ? 4 : 2;
}

function isFirstMeta(path: string): boolean {
  return path.startsWith(`${LOG_ROOT}/${META_FOLDER}/0000000001`);
}

const V3_STAGES: Readonly<Record<string, number>> = {
  'tensor_meta.json': 2,
  'dataset_meta.json': 3,
  'commit_info.json': 4,
  [VERSION_INFO]: 5,
};

function v3Stage(path: string): number {
  if (chunkOf(path)) return 0;
  return V3_STAGES[path.slice(path.lastIndexOf('/') + 1)] ?? 1;
}

/** A file that a restore makes itself. */
export interface SyntheticFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** The time that it keeps of the file which it replaces. */
  readonly mtimeMs?: number;
}

/**
 * Files that are written anew instead of copied: v4's `next_base` of every log folder, highest commit + 1 as 8 bytes LE. A counter that is too
 * low hides commits and lets the next one overwrite them. `paths` are those of the restored files.
 */
export function syntheticFiles(paths: Iterable<string>, format: DatasetFormat): SyntheticFile[] {
  if (format !== 'v4') return [];
  const highest = new Map<string, number>();
  for (const path of paths) {
    const kind = classifyPath(path);
    if (kind.kind === 'log' && kind.log) highest.set(kind.folder, Math.max(kind.log.base, highest.get(kind.folder) ?? 0));
  }
  return [...highest].sort().map(([folder, base]) => ({ path: `${LOG_ROOT}/${folder}/${COUNTER_NAME}`, content: u64(base + 1) }));
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

/**
 * Does a file take part in "restored byte for byte"? Locks, temporary files, v4's counters, compaction claims and gc trash do not; orphans that
 * a plan skipped as too young are known to the plan only. Source: CONTRACT section 4.
 */
export function compareRule(path: string, format: DatasetFormat): boolean {
  if (format === 'v3') return !path.endsWith('.lock');
  if (format !== 'v4') return true;
  const kind = classifyPath(path);
  if (kind.kind === 'log') return kind.log?.claim !== true;
  return kind.kind === 'data' || kind.kind === 'unknown' || kind.kind === 'wal';
}

export interface RestoreChoice {
  readonly indexes: boolean;
  readonly metadata: boolean;
}

/** Options `restore_indexes` and `restore_metadata`: is this file wanted? v4 names its indexes in its logs, so `indexes: false` is refused for it elsewhere. */
export function isWanted(path: string, format: DatasetFormat, choice: RestoreChoice): boolean {
  if (path === APPLICATION_FILE) return choice.metadata;
  return choice.indexes || format !== 'v3' || !/(^|\/)vdb_indexes\//.test(path);
}
