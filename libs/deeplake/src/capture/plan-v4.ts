import { setTimeout as wait } from 'node:timers/promises';
import type { SourceFile, SourceFolder } from '@dr/storage';
import { type LogFile, readCatalog } from '../v4/catalog.ts';
import { History } from '../v4/history.ts';
import { classifyPath, LOG_ROOT, META_FOLDER, type PathKind, WAL_ROOT } from '../v4/paths.ts';
import { groupLogs, type LogPath, readLogs } from '../v4/read-logs.ts';
import { collectReferences, type Reference } from '../v4/references.ts';
import { fixed, V4_PIECE_BYTES, v4Chunker } from './chunkers.ts';
import type { PlanOptions } from './plan-capture.ts';
import { BARRIER, type PlannedFile, type SkippedFile, type SkipReason } from './planned-file.ts';
import { toPlanned } from './to-planned.ts';

/** Data of a running transaction lies on disk before any log names it; after this time it is an orphan like any other. */
export const ORPHAN_AGE_MS = 10 * 60 * 1000;
const RETRY_MS = 50;
const RETRIES_MAX = 100;

const SKIPPED: Readonly<Record<string, SkipReason>> = { lock: 'lock', temporary: 'temporary', counter: 'counter', trash: 'gc-trash' };

/**
 * WAL entries, `_meta` log, branch logs, then everything else. A log file names only files that were closed before it appeared and nothing is
 * rewritten, so logs first and data later is complete, whenever each file is copied. Source: DEEPLAKE_V4.md sections 6 and 7.1.
 */
export async function* planV4(folder: SourceFolder, skipped: SkippedFile[], options: PlanOptions): AsyncIterable<PlannedFile[]> {
  const plain = fixed(V4_PIECE_BYTES);
  for await (const page of listFolder(folder, WAL_ROOT)) yield keep(page, skipped).flatMap((f) => toPlanned(f, plain, skipped));
  // A WAL entry is deleted once its rows are in the log: read before the log is listed, its rows are in one of the two.
  yield BARRIER;
  const read = new LogReader(folder, options);
  const logs: LogFile[][] = [];
  for (const id of [META_FOLDER, ...(await otherLogFolders(folder))]) {
    const paths: string[] = [];
    for await (const page of listFolder(folder, `${LOG_ROOT}/${id}`)) {
      const kept = keep(page, skipped);
      paths.push(...kept.filter((f) => f.kind === 'file').map((f) => f.path));
      yield kept.flatMap((f) => toPlanned(f, plain, skipped));
    }
    logs.push(await read.all(groupLogs(paths).get(id)?.files ?? []));
  }
  yield* planData(folder, skipped, { references: referencesOf(logs), complete: read.complete, now: options.now() });
}

interface Named {
  readonly references: ReadonlyMap<string, Reference>;
  /** Every log could be read; else a file that no log names may well be needed. */
  readonly complete: boolean;
  readonly now: number;
}

async function* planData(folder: SourceFolder, skipped: SkippedFile[], named: Named): AsyncIterable<PlannedFile[]> {
  for await (const page of folder.list()) {
    const rest = page.filter((f) => !isPlanned(f));
    yield keep(rest, skipped, named).flatMap((f) => toPlanned(f, v4Chunker(f.size, named.references.get(f.path)), skipped));
  }
}

/** Logs and WAL entries were listed before; their two roots as folders were not. */
function isPlanned({ path }: SourceFile): boolean {
  return path.startsWith(`${WAL_ROOT}/`) || /^_deeplake_log\/[^/]+\//.test(path);
}

function keep(page: readonly SourceFile[], skipped: SkippedFile[], named?: Named): SourceFile[] {
  return page.filter((file) => {
    const reason = skipReason(file, named);
    if (reason) skipped.push({ path: file.path, reason });
    return reason === undefined;
  });
}

function skipReason(file: SourceFile, named: Named | undefined): SkipReason | undefined {
  if (file.kind === 'dir') return undefined;
  const kind = classifyPath(file.path);
  if (isClaim(kind)) return 'claim';
  if (kind.kind === 'data' && named && isYoungOrphan(file, named)) return 'young-orphan';
  return SKIPPED[kind.kind];
}

function isClaim(kind: PathKind): boolean {
  return kind.kind === 'log' && kind.log?.claim === true;
}

function isYoungOrphan({ path, mtimeNs }: SourceFile, { references, complete, now }: Named): boolean {
  return complete && !references.has(path) && now - Number(mtimeNs / 1_000_000n) < ORPHAN_AGE_MS;
}

/** Branch logs in name order; folders that no `_meta` entry names (T8) are kept too. */
async function otherLogFolders(folder: SourceFolder): Promise<string[]> {
  const entries = await folder.readdir(LOG_ROOT);
  return entries
    .filter((e) => e.kind === 'dir')
    .flatMap((e) => (e.path === `${LOG_ROOT}/${META_FOLDER}` ? [] : [e.path.slice(LOG_ROOT.length + 1)]));
}

async function* listFolder(folder: SourceFolder, path: string): AsyncIterable<SourceFile[]> {
  const entry = await folder.stat(path);
  if (entry?.kind !== 'dir') return;
  yield* folder.list(path);
}

function referencesOf([meta, ...branches]: LogFile[][]): ReadonlyMap<string, Reference> {
  return collectReferences(new History(readCatalog(meta ?? []), new Map(branches.map((files, i) => [String(i), files]))));
}

/** Reads log files, again after 50 ms and up to 5 s while one does not parse: it is being written. */
class LogReader {
  complete = true;
  readonly #folder: SourceFolder;
  readonly #sleep: (ms: number) => Promise<unknown>;

  constructor(folder: SourceFolder, options: PlanOptions) {
    this.#folder = folder;
    this.#sleep = options.sleep ?? ((ms) => wait(ms));
  }

  async all(paths: readonly LogPath[]): Promise<LogFile[]> {
    const files: LogFile[] = [];
    let open = paths;
    for (let tries = 0; open.length > 0 && tries < RETRIES_MAX; tries++) {
      if (tries > 0) await this.#sleep(RETRY_MS);
      const read = await readLogs(this.#folder, open, () => undefined);
      files.push(...read.filter((f) => f.operations));
      open = read.filter((f) => !f.operations);
    }
    this.complete &&= open.length === 0;
    return files;
  }
}
