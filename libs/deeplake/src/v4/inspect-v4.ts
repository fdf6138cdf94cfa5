import type { DatasetView } from '../dataset-view.ts';
import { reasonOf } from '../errors.ts';
import { FindingList } from '../finding-list.ts';
import type { InspectOptions } from '../inspect-options.ts';
import { Listing } from '../listing.ts';
import type { DatasetReport } from '../report.ts';
import { type LogFile, readCatalog } from './catalog.ts';
import { checkFiles, countOrphans } from './check-files.ts';
import { checkFolder, checkMeta } from './check-logs.ts';
import { checkKnown, checkVersions } from './check-versions.ts';
import { DatasetState } from './dataset-state.ts';
import { describeHeads, describeVersions, type Heads } from './describe-versions.ts';
import { History } from './history.ts';
import { META_FOLDER, WAL_ROOT } from './paths.ts';
import { groupLogs, type LogFolder, readLogs } from './read-logs.ts';
import { collectReferences, type Reference } from './references.ts';
import { parseWalEntry, WAL_HEADER_BYTES } from './wal.ts';

const NO_HEADS: Heads = { branches: [], tags: [], main: undefined, schema: [] };

/** Reads the structure of a v4 data set and runs every check of DEEPLAKE_V4.md section 7.3. Damage becomes findings; only a failing `list` rejects. */
export async function inspectV4(view: DatasetView, options: InspectOptions = {}): Promise<DatasetReport> {
  const findings = new FindingList('v4');
  const listing = await Listing.of(view);
  const folders = groupLogs(listing.sizes.keys());
  const meta = folders.get(META_FOLDER);
  const metaFiles = await readFolder(view, meta, findings);
  const readable = checkMeta(meta, metaFiles, findings);
  for (const [id, folder] of folders) await checkFolder(view, id, folder, findings, options.gapsAtSource ?? false);
  await checkWal(view, listing, findings);
  if (!readable) return report(listing, findings, NO_HEADS, [], new Map());
  const history = await readHistory(view, metaFiles, folders, findings);
  checkVersions(history, folders, listing, findings);
  checkKnown(history, meta!, findings);
  checkBlocks(history, findings);
  const heads = describeHeads(history, stateChecks(findings));
  const references = collectReferences(history);
  await checkFiles(view, listing, references, findings, options.deep ?? false);
  return report(listing, findings, heads, describeVersions(history), references);
}

async function readHistory(
  view: DatasetView,
  meta: LogFile[],
  folders: ReadonlyMap<string, LogFolder>,
  findings: FindingList,
): Promise<History> {
  const catalog = readCatalog(meta);
  const logs = new Map<string, LogFile[]>();
  for (const id of catalog.branches.keys()) logs.set(id, await readFolder(view, folders.get(id), findings));
  return new History(catalog, logs);
}

/** T3: log files that cannot be parsed. */
async function readFolder(view: DatasetView, folder: LogFolder | undefined, findings: FindingList): Promise<LogFile[]> {
  const bad = new Map<string, string>();
  const files = await readLogs(view, folder?.files ?? [], ({ path, reason }) => bad.set(path, reason));
  for (const { path } of files) if (bad.has(path)) findings.add('T3', 'error', path, bad.get(path)!);
  return files;
}

/** B2, wherever a block is named. */
function checkBlocks(history: History, findings: FindingList): void {
  for (const files of history.logs.values())
    for (const { path, operations } of files)
      for (const operation of operations ?? [])
        if (operation.kind === 'addBlock' && operation.problem !== undefined)
          findings.add('B2', 'error', path, `block ${operation.block}: ${operation.problem}`);
}

/** B1, B3 and B4 on each state that is replayed; what several heads share is said once. */
function stateChecks(findings: FindingList): (where: string, commits: LogFile[]) => DatasetState {
  const said = new Set<string>();
  const once = (code: string, path: string, message: string) => {
    if (said.has(`${code} ${path} ${message}`)) return;
    said.add(`${code} ${path} ${message}`);
    findings.add(code, 'error', path, message);
  };
  return (where, commits) => {
    const state = new DatasetState((code, file, message) => once(code, file.path, message)).replay(commits);
    for (const { block, counts } of state.unevenBlocks())
      once('B3', '', `block ${block} has columns of ${counts.join(' and ')} rows (${where})`);
    return state;
  };
}

/** WAL entries have no check of their own in the document; one that is cut or unknown is reported like other unknown things (T9). */
async function checkWal(view: DatasetView, listing: Listing, findings: FindingList): Promise<void> {
  for (const [path, size] of listing.sizes) {
    if (!path.startsWith(`${WAL_ROOT}/`) || !path.endsWith('.wal')) continue;
    try {
      parseWalEntry(await view.read(path, { start: 0, end: Math.min(size, WAL_HEADER_BYTES) }), size);
    } catch (error) {
      findings.add('T9', 'warning', path, `insert-log entry: ${reasonOf(error)}`);
    }
  }
}

function report(
  listing: Listing,
  findings: FindingList,
  heads: Heads,
  versions: DatasetReport['versions'],
  references: ReadonlyMap<string, Reference>,
): DatasetReport {
  const { orphans, bytes } = countOrphans(listing, references);
  if (orphans.length > 0)
    findings.add('D9', 'info', orphans[0]!, `${orphans.length} files of ${bytes} bytes that no log names, this one first`);
  return {
    format: 'v4',
    intact: findings.counts.error === 0,
    findings: findings.findings,
    findingCounts: findings.counts,
    headVersion: heads.main?.headVersion,
    branches: heads.branches,
    tags: heads.tags,
    rows: heads.main?.rows ?? 0,
    versions,
    schema: heads.schema,
    files: { count: listing.sizes.size, bytes: listing.bytes, orphans: orphans.length, orphanBytes: bytes },
  };
}
