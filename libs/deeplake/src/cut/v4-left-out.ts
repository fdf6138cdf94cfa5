import type { History } from '../v4/history.ts';
import { APPLICATION_FILE, classifyPath, META_FOLDER, WAL_ROOT } from '../v4/paths.ts';
import { collectReferences, type Reference } from '../v4/references.ts';
import type { Reach } from './v4-reach.ts';
import type { V4Reading } from './v4-reading.ts';
import type { Target } from './v4-target.ts';

/** Files that nothing needs which is kept: later logs, and data that only they name or nobody. Counters are made anew. `references`: of the logs that are kept. */
export function* leftOut(
  { listing, history: whole }: V4Reading,
  target: Target,
  references: ReadonlyMap<string, Reference>,
): Generator<string> {
  const named = collectReferences(whole);
  const metaPaths = new Set(target.meta.map(({ path }) => path));
  const walBranches = new Set(
    [...target.reach].flatMap(([id, upTo]) => (isWholeBranch(target.history, id, upTo) ? nameOf(target, id) : [])),
  );
  for (const path of listing.sizes.keys()) {
    const kind = classifyPath(path);
    if (kind.kind === 'counter') yield path;
    else if (kind.kind === 'log') {
      if (kind.folder === META_FOLDER ? !metaPaths.has(path) && kind.log : !isKeptLog(kind, target.reach)) yield path;
    } else if (kind.kind === 'wal') {
      if (!isKeptInsert(path, walBranches, target.untilMs)) yield path;
    } else if (path !== APPLICATION_FILE && !references.has(path) && (kind.kind === 'data' || named.has(path))) yield path;
  }
}

const isKeptLog = ({ folder, log }: { folder: string; log: { version: string } | undefined }, reach: Reach): boolean =>
  reach.has(folder) && (log === undefined || log.version <= reach.get(folder)!);

const isWholeBranch = ({ logs }: History, id: string, upTo: string): boolean => (logs.get(id)?.at(-1)?.name.version ?? '') <= upTo;

const nameOf = ({ history }: Target, id: string): string[] => [history.catalog.branches.get(id)!.name];

/** An insert that no commit holds yet belongs to the head of its branch. Names: `<branch>/<16 digits ms>_<writer>_<n>.wal`. */
function isKeptInsert(path: string, branches: ReadonlySet<string>, untilMs: number): boolean {
  const [, branch, ms] = new RegExp(`^${WAL_ROOT}/(.+)/(\\d{16})_`).exec(path) ?? [];
  return branch !== undefined && branches.has(branch) && Number(ms) <= untilMs;
}
