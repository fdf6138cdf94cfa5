import type { DatasetView } from '../dataset-view.ts';
import type { Finding } from '../finding.ts';
import { Listing } from '../listing.ts';
import { type LogFile, readCatalog } from '../v4/catalog.ts';
import { META_FOLDER } from '../v4/paths.ts';
import { groupLogs, readLogs, type Unreadable } from '../v4/read-logs.ts';
import { NO_REPAIR, type RestoreRepair } from './restore-repair.ts';

interface Folder {
  readonly id: string;
  /** By version name; one that cannot be parsed has no operations. */
  readonly files: readonly LogFile[];
  readonly reasons: ReadonlyMap<string, string>;
}

/**
 * Log files that do not parse hurt readers: a compaction hides the commits of its range, a newest commit is applied by half. Both are left out
 * where the rest stays whole. Counters are always written anew and locks never captured, so they need no repair. Source: DEEPLAKE_V4.md 6, 7.2.
 */
export async function repairV4(view: DatasetView, known: readonly Finding[]): Promise<RestoreRepair> {
  if (!known.some(({ code }) => code === 'T3')) return NO_REPAIR;
  const listing = await Listing.of(view);
  const folders: Folder[] = [];
  for (const [id, { files }] of groupLogs(listing.sizes.keys())) {
    const reasons = new Map<string, string>();
    const add = ({ path, reason }: Unreadable) => reasons.set(path, reason);
    folders.push({ id, files: await readLogs(view, files, add), reasons });
  }
  const named = namedVersions(folders.find(({ id }) => id === META_FOLDER));
  const notes = folders.flatMap((folder) => [...brokenCompactions(folder), ...brokenEnd(folder, named)]);
  return { leaveOut: new Set(notes.filter(({ severity }) => severity === 'warning').map(({ path }) => path)), write: [], notes };
}

function brokenCompactions({ files, reasons }: Folder): Finding[] {
  const commits = new Set(files.filter(({ name, operations }) => name.letter !== 'o' && operations).map(({ name }) => name.base));
  const broken = files.filter(({ name, operations }) => name.letter === 'o' && !operations);
  return broken.map(({ path, name }) => {
    const lost = firstMissing(name.argument, name.base, commits);
    return lost === undefined
      ? note(
          'R4',
          'warning',
          path,
          `this compaction is not whole (${reasons.get(path)}) and was left out; the commits that it replaces are there`,
        )
      : note(
          'R5',
          'error',
          path,
          `this compaction is not whole (${reasons.get(path)}), and commit ${lost} that it replaces is not there either`,
        );
  });
}

/** The unreadable ordinary commits after the last readable one. Their numbers are free again then. */
function brokenEnd({ id, files, reasons }: Folder, named: ReadonlySet<string>): Finding[] {
  const commits = files.filter(({ name }) => name.letter !== 'o');
  const end = commits.slice(commits.findLastIndex(({ operations }) => operations) + 1);
  if (end.length === commits.length) return [];
  return end.map(({ path, name }) =>
    named.has(`${id} ${name.version}`)
      ? note('R5', 'error', path, `this commit is not whole (${reasons.get(path)}), and a tag, branch or merge names it`)
      : note('R6', 'warning', path, `this newest commit is not whole (${reasons.get(path)}) and was left out; all before it are there`),
  );
}

/** The first number of a range that is not there. Ends soon, however wide a damaged name makes the range. */
function firstMissing(first: number, last: number, there: ReadonlySet<number>): number | undefined {
  for (let base = first; base <= last; base++) if (!there.has(base)) return base;
  return undefined;
}

/** `<branch id> <version>` of everything that the meta log refers to. */
function namedVersions(meta: Folder | undefined): Set<string> {
  const { branches, tags, merges } = readCatalog(meta?.files ?? []);
  return new Set([
    ...[...branches.values()].map(({ parent, version }) => `${parent} ${version}`),
    ...[...tags.values()].map(({ branch, version }) => `${branch} ${version}`),
    ...merges.flatMap(({ source, destination }) => [source, destination].map(({ branch, version }) => `${branch} ${version}`)),
  ]);
}

function note(code: string, severity: Finding['severity'], path: string, message: string): Finding {
  return { format: 'v4', code, severity, path, message };
}
