import type { SourceFile } from '@dr/storage';
import { readCatalog } from '../v4/catalog.ts';
import { classifyPath, LOG_ROOT, META_FOLDER, WAL_ROOT } from '../v4/paths.ts';
import { fixed, V4_PIECE_BYTES, v4Chunker } from './chunkers.ts';
import { changedAtNs, identityOf, ListingDigest } from './identity.ts';
import { listForCapture, listIfThere } from './list-source.ts';
import type { BlockPlace } from './named-files.ts';
import type { Planning } from './plan-capture.ts';
import { BARRIER, type PlannedFile, type SkipReason, type SourceNotes } from './planned-file.ts';
import { LogFolderReader } from './read-v4-logs.ts';
import { settle } from './settle.ts';
import { gone, toPlanned } from './to-planned.ts';

/** Data of a running transaction lies on disk before any log names it; after this time it is an orphan like any other. */
export const ORPHAN_AGE_MS = 10 * 60 * 1000;

const SKIPPED: Readonly<Record<string, SkipReason>> = { lock: 'lock', temporary: 'temporary', counter: 'counter', trash: 'gc-trash' };
const PLAIN = fixed(V4_PIECE_BYTES);

/**
 * WAL entries, `_meta` log, branch logs, then everything else. A log file names only files that were closed before it appeared and nothing is
 * rewritten, so logs first and data later is complete, whenever each file is copied. Source: DEEPLAKE_V4.md sections 6 and 7.1.
 */
export async function* planV4(planning: Planning): AsyncIterable<PlannedFile[]> {
  const digest = new ListingDigest();
  const note = noting(planning.notes, digest);
  yield* planWal(planning, note);
  const logs = await readAllLogs(planning);
  for (const folder of logs) {
    for (const number of folder.gaps()) planning.notes.gaps.push({ folder: folder.id, number });
    const files = [...folder.others, ...folder.logs.map(({ source }) => source)];
    yield note(files).flatMap((file) => toPlanned(file, PLAIN, planning.notes));
  }
  yield* planRest(planning, named(logs), note);
  planning.notes.listing = digest.value();
  yield BARRIER;
  planning.notes.replaced = await isReplaced(planning, logs);
}

const REMOVAL_MS = 250;

/**
 * A data set that is removed, or removed and made again, leaves a meta log without the branches it names: alone that looks like a new data set
 * without a commit. Whatever was read of `_meta` must still be there; when a root branch had no log, also a moment later.
 */
async function isReplaced({ folder, sleep }: Planning, folders: readonly LogFolderReader[]): Promise<boolean> {
  const [meta, ...branches] = folders;
  const read = new Set(branches.filter(({ logs }) => logs.length > 0).map(({ id }) => id));
  const roots = [...readCatalog(meta?.logs.map(({ log }) => log) ?? []).branches.values()].filter(({ parent }) => parent === undefined);
  if (roots.some(({ id }) => !read.has(id))) await sleep(REMOVAL_MS);
  const now = await Promise.all((meta?.logs ?? []).map(({ source }) => folder.stat(source.path)));
  return now.some((file, i) => !file || identityOf(file) !== identityOf(meta!.logs[i]!.source));
}

/** A WAL entry is deleted once its rows are in the log: read before the log is listed, its rows are in one of the two. */
async function* planWal(planning: Planning, note: Note): AsyncIterable<PlannedFile[]> {
  const { folder, notes } = planning;
  const paths: string[] = [];
  for await (const page of listIfThere(planning, WAL_ROOT)) {
    const kept = note(page.filter((file) => keep(file, notes)));
    paths.push(...kept.filter(({ kind }) => kind === 'file').map(({ path }) => path));
    yield kept.flatMap((file) => toPlanned(file, PLAIN, notes));
  }
  if (paths.length === 0) return;
  yield BARRIER;
  const folded: PlannedFile[] = [];
  for (const path of paths) if (!(await folder.stat(path))) folded.push(gone(path));
  yield folded;
}

/** Looks at the branches that may be needed until no commit of the meta log came in between. */
const LOOKS_MAX = 50;

/**
 * `_meta`, then the folders of all branches, again and again until `_meta` had nothing new after them. `_meta` names only commits that exist, so it is
 * read first; but a merge is a commit of its branch BEFORE it is in `_meta`: with branch logs that go on beyond it, `_meta` must know it.
 */
async function readAllLogs(planning: Planning): Promise<LogFolderReader[]> {
  const { folder, notes, now } = planning;
  const wanted = (file: SourceFile) => keep(file, notes);
  const meta = new LogFolderReader(planning, META_FOLDER, wanted);
  const branches = new Map<string, LogFolderReader>();
  await meta.look();
  for (let looks = 1; looks === 1 || (looks <= LOOKS_MAX && (await meta.look())); looks++) {
    const entries = (await folder.stat(LOG_ROOT))?.kind === 'dir' ? await folder.readdir(LOG_ROOT) : [];
    for (const { path, kind } of entries) {
      const id = path.slice(LOG_ROOT.length + 1);
      if (kind !== 'dir' || id === META_FOLDER) continue;
      const branch = branches.get(id) ?? new LogFolderReader(planning, id, wanted);
      branches.set(id, branch);
      await branch.look();
    }
  }
  return [meta, ...withoutUnborn(meta, [...branches.values()], notes, now())];
}

/** A folder that `_meta` does not name is of a branch that came later, and left out as long as it is young; an old one is kept (T8). */
function withoutUnborn(meta: LogFolderReader, branches: readonly LogFolderReader[], notes: SourceNotes, nowMs: number): LogFolderReader[] {
  if (meta.logs.length === 0 || !meta.complete) return [...branches];
  const known = readCatalog(meta.logs.map(({ log }) => log)).branches;
  return branches.filter(({ id, logs }) => {
    const unborn = !known.has(id) && logs.length > 0 && logs.every(({ source }) => isYoung(source, nowMs));
    if (unborn) for (const { source } of logs) notes.skipped.set(source.path, 'young-orphan');
    return !unborn;
  });
}

interface Named {
  readonly has: (path: string) => boolean;
  readonly blocksOf: (path: string) => readonly BlockPlace[];
  /** Every log could be read; else a file that no log names may well be needed. */
  readonly complete: boolean;
}

function named(folders: readonly LogFolderReader[]): Named {
  return {
    has: (path) => folders.some(({ named }) => named.has(path)),
    blocksOf: (path) => folders.flatMap(({ named }) => named.blocksOf(path) ?? []),
    complete: folders.every(({ complete }) => complete),
  };
}

/** Data files as they are listed; files of unknown kind, which anybody may rewrite, are copied until they rest. */
async function* planRest(planning: Planning, named: Named, note: Note): AsyncIterable<PlannedFile[]> {
  const { folder, notes, now } = planning;
  const rewritable: SourceFile[] = [];
  for await (const page of listForCapture(planning)) {
    const rest = note(page.filter((file) => !isPlanned(file) && keep(file, notes, named.complete ? { named, now: now() } : undefined)));
    const isOther = ({ path, kind }: SourceFile) => kind === 'file' && classifyPath(path).kind === 'unknown' && !named.has(path);
    rewritable.push(...rest.filter(isOther));
    yield rest.flatMap((file) => (isOther(file) ? [] : toPlanned(file, v4Chunker(file.size, named.blocksOf(file.path)), notes)));
  }
  if (rewritable.length === 0) return;
  yield BARRIER;
  const list = async function* () {
    const found = await Promise.all(rewritable.map(({ path }) => folder.stat(path)));
    yield found.filter((file) => file !== undefined);
  };
  const own = { ...notes };
  yield* settle({ ...planning, notes: own, list, plan: (changed) => inOrder(changed, notes) });
  notes.unsettled = own.unsettled;
}

async function* inOrder(changed: AsyncIterable<SourceFile[]>, notes: SourceNotes): AsyncIterable<PlannedFile[]> {
  for await (const page of changed) yield page.flatMap((file) => toPlanned(file, PLAIN, notes));
}

/** Logs and WAL entries were listed before; their two roots as folders were not. */
function isPlanned({ path }: SourceFile): boolean {
  return path.startsWith(`${WAL_ROOT}/`) || /^_deeplake_log\/[^/]+\//.test(path);
}

interface Orphanage {
  readonly named: Named;
  readonly now: number;
}

/** Does the file belong to the copy? What does not is noted with its reason. */
function keep(file: SourceFile, { skipped }: SourceNotes, orphanage?: Orphanage): boolean {
  const reason = skipReason(file, orphanage);
  if (reason) skipped.set(file.path, reason);
  return reason === undefined;
}

function skipReason(file: SourceFile, orphanage: Orphanage | undefined): SkipReason | undefined {
  if (file.kind === 'dir') return undefined;
  const kind = classifyPath(file.path);
  if (kind.kind === 'log' && kind.log?.claim) return 'claim';
  const orphan = kind.kind === 'data' && orphanage && !orphanage.named.has(file.path);
  if (orphan && isYoung(file, orphanage.now)) return 'young-orphan';
  return SKIPPED[kind.kind];
}

function isYoung({ mtimeNs }: SourceFile, nowMs: number): boolean {
  return nowMs - Number(mtimeNs / 1_000_000n) < ORPHAN_AGE_MS;
}

type Note = (files: SourceFile[]) => SourceFile[];

/** Remembers what was listed: equal digests of two captures mean that nothing was written in between. */
function noting(notes: SourceNotes, digest: ListingDigest): Note {
  return (files) => {
    for (const file of files) {
      digest.add(file, identityOf(file));
      if (file.kind === 'file' && changedAtNs(file) > notes.changedAtNs) notes.changedAtNs = changedAtNs(file);
    }
    return files;
  };
}
