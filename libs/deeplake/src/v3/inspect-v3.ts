import type { DatasetView } from '../dataset-view.ts';
import { FindingList } from '../finding-list.ts';
import type { InspectOptions } from '../inspect-options.ts';
import { Listing } from '../listing.ts';
import type { BranchReport, DatasetReport, VersionReport } from '../report.ts';
import { type CommitFacts, checkCommit } from './check-commit.ts';
import type { ChunkContext, Trouble } from './check-tensor.ts';
import { checkCommitInfos, checkTree, isLeftByReset, readVersionTree } from './check-tree.ts';
import { readChunkSets } from './chunk-sets.ts';
import { DatasetFiles } from './dataset-files.ts';
import { countOrphans, type Orphans } from './orphans.ts';
import { FIRST_COMMIT, QUERIES_ROOT } from './paths.ts';
import type { VersionTree } from './version-tree.ts';

const VIEW_ROOT = /^(\.queries\/.+?\/)dataset_meta\.json$/;

/** What was read of one v3 data set, be it the main one or a saved view. */
interface Inspected {
  readonly tree: VersionTree;
  readonly commits: ReadonlyMap<string, CommitFacts>;
  readonly orphans: Orphans;
}

/** Reads the structure of a v3 data set and runs every check of DEEPLAKE.md section 4.1. Damage becomes findings; only a failing `list` rejects. */
export async function inspectV3(view: DatasetView, options: InspectOptions = {}): Promise<DatasetReport> {
  const findings = new FindingList('v3');
  const listing = await Listing.of(view);
  const main = await inspectFiles(new DatasetFiles(view, listing), findings, options.deep ?? false);
  for (const prefix of viewRoots(listing)) await inspectSavedView(new DatasetFiles(view, listing, prefix), findings, options.deep ?? false);
  return report(main, listing, findings);
}

/** Saved views are whole v3 data sets. Damage in one is a warning: the data set itself is not touched by it. */
async function inspectSavedView(files: DatasetFiles, findings: FindingList, deep: boolean): Promise<void> {
  const own = new FindingList('v3');
  await inspectFiles(files, own, deep);
  for (const f of own.findings) findings.add(f.code, f.severity === 'error' ? 'warning' : f.severity, f.path, `saved view: ${f.message}`);
}

function viewRoots(listing: Listing): string[] {
  const roots = [...listing.sizes.keys()].flatMap((path) => (path.startsWith(`${QUERIES_ROOT}/`) ? (VIEW_ROOT.exec(path)?.[1] ?? []) : []));
  return roots.filter((root) => !root.includes('/versions/')).sort();
}

async function inspectFiles(files: DatasetFiles, findings: FindingList, deep: boolean): Promise<Inspected> {
  const tree = await readVersionTree(files, findings);
  checkTree(tree, files, findings);
  await checkCommitInfos(tree, files, findings);
  const addBrokenSet = (path: string, reason: string) => findings.add('C1', 'error', files.prefix + path, reason);
  const context: ChunkContext = { files, owners: await readChunkSets(files, tree, addBrokenSet), facts: new Map(), deep };
  const commits = new Map<string, CommitFacts>();
  const add = once(files.prefix, findings);
  for (const id of tree.commits.keys()) {
    const facts = await checkCommit(context, id);
    facts.troubles.forEach(add);
    commits.set(id, facts);
  }
  const orphans = countOrphans(context, tree);
  if (orphans.files > 0)
    findings.add(
      'W3',
      'warning',
      orphans.first!,
      `${orphans.chunks} chunks and ${orphans.folders} version folders that no commit refers to, ${orphans.bytes} bytes, this one first`,
    );
  return { tree, commits, orphans };
}

/** A chunk that several commits share is reported once. */
function once(prefix: string, findings: FindingList): (trouble: Trouble) => void {
  const said = new Set<string>();
  return ({ code, path, message }) => {
    const id = `${code} ${path} ${message}`;
    if (said.has(id)) return;
    said.add(id);
    findings.add(code, 'error', prefix + path, message);
  };
}

function report({ tree, commits, orphans }: Inspected, listing: Listing, findings: FindingList): DatasetReport {
  const rows = (id: string) => commits.get(id)?.rows ?? 0;
  const head = tree.branches.get('main') ?? tree.branches.values().next().value ?? FIRST_COMMIT;
  const branches: BranchReport[] = [...tree.branches].map(([name, id]) => ({ name, id: name, headVersion: id, rows: rows(id) }));
  return {
    format: 'v3',
    intact: findings.counts.error === 0,
    findings: findings.findings,
    findingCounts: findings.counts,
    headVersion: head,
    branches,
    tags: [],
    rows: rows(head),
    versions: versionsOf(tree, commits),
    schema: commits.get(head)?.columns ?? [],
    files: { count: listing.sizes.size, bytes: listing.bytes, orphans: orphans.files, orphanBytes: orphans.bytes },
  };
}

function versionsOf(tree: VersionTree, commits: ReadonlyMap<string, CommitFacts>): VersionReport[] {
  const nodes = [...tree.commits.values()].filter((node) => !isLeftByReset(node, tree));
  return nodes.map(({ id, branch, message, committedAtMs }) => {
    const facts = commits.get(id)!;
    return {
      branch,
      version: id,
      rows: facts.rows,
      columns: facts.columns.map((c) => c.name),
      tensorRows: facts.tensorRows,
      message,
      committedAtMs,
    };
  });
}
