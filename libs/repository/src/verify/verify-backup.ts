import { DrError, type ObjectKey } from '@dr/storage';
import { mapLimited } from '../concurrency.ts';
import { readDecision } from '../decisions.ts';
import { BackupNotCommitted } from '../errors.ts';
import { segmentOf } from '../format/object-names.ts';
import { PieceReader } from '../index/piece-reader.ts';
import { TenantIndex } from '../index/tenant-index.ts';
import { readLedger } from '../ledger.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Commit, VerifyOptions, VerifyReport } from '../types.ts';
import { undecidedBackups } from '../undecided.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { checkTenantObjects, checkTop } from './check-objects.ts';
import { checkPacksFull, checkPacksQuick, type PackCheck } from './check-packs.ts';
import { Findings } from './findings.ts';
import { NeededFiles } from './needed-files.ts';

const COMMITS_AT_ONCE = 8;

export interface VerifyParts {
  readonly scope: TenantScope;
  readonly pool: () => WorkerPool;
}

/** Verifies one backup: everything it needs, and every small object of its tenant. @throws BackupNotCommitted, the signal's reason; never for damage. */
export async function verifyBackup(parts: VerifyParts, backupId: string, options: VerifyOptions): Promise<VerifyReport> {
  return { backupId, ...(await verify(parts, [{ backupId, label: '' }], options)) };
}

/** As verifyBackup, of several at once: each pack is read once. Paths in findings begin with their backup id. */
export async function verifyBackups(parts: VerifyParts, backupIds: readonly string[], options: VerifyOptions): Promise<VerifyReport> {
  const wanted = [...new Set(backupIds)].map((backupId) => ({ backupId, label: `${backupId}/` }));
  return { backupId: '', ...(await verify(parts, wanted, options)) };
}

interface Wanted {
  readonly backupId: string;
  /** Stands before its data sets in the paths of findings. */
  readonly label: string;
}

async function verify(
  { scope, pool }: VerifyParts,
  wanted: readonly Wanted[],
  options: VerifyOptions,
): Promise<Omit<VerifyReport, 'backupId'>> {
  const findings = new Findings();
  await checkTop(scope, findings);
  const packs = await checkTenantObjects(scope, findings).catch((error: unknown) => {
    findings.addError(scope.names.top, error);
    return new Map<string, number>();
  });
  const commits = await mapLimited(wanted, COMMITS_AT_ONCE, ({ backupId }) => readCommit(scope, backupId, findings));
  const index = new TenantIndex(scope);
  await index.load().catch((error: unknown) => findings.addError(scope.names.index, error));
  const files = new NeededFiles(new PieceReader(scope, index), findings);
  for (const [i, commit] of commits.entries()) if (commit) await gather(commit, wanted[i]!.label, { index, files, findings, options });
  const leftovers = await leftoverSegments(scope, index, findings);
  const check: PackCheck = { scope, index, files, findings, listed: packs, options };
  if (options.level === 'quick') await checkPacksQuick(check);
  else await checkPacksFull(check, pool());
  options.signal?.throwIfAborted();
  const list = findings.list();
  const { level } = options;
  const warnings = [...leftovers, ...(await warningsOf(scope))];
  const { records, pinned } = files;
  const checked = { ...files.totals(level === 'full'), packs: records.packCount, ...(pinned.objects > 0 && { pinned }) };
  return { level, ok: list.length === 0, ...checked, findings: list, warnings };
}

/**
 * Tells of index segments that cannot be used. One that no commit names, while every piece was found, was being written when its process died: it is
 * garbage, not damage. @returns sentences about those.
 */
async function leftoverSegments(scope: TenantScope, index: TenantIndex, findings: Findings): Promise<string[]> {
  const leftovers: string[] = [];
  const missed = findings.list().some(({ kind }) => kind === 'unresolved');
  for (const { object, error } of index.problems.values()) {
    if (missed || (await isNamed(scope, object))) findings.addError(object, error);
    else leftovers.push(`No backup needs ${object}, which is not whole: its writer died while it wrote it.`);
  }
  return leftovers;
}

/** Whether a commit names an index segment, or may: a merged one has no session whose commit could be asked. */
async function isNamed(scope: TenantScope, segment: ObjectKey): Promise<boolean> {
  const session = segmentOf(segment)?.session;
  if (!session) return true;
  try {
    const decision = await readDecision(scope, session);
    return decision?.kind === 'commit' && decision.segments.includes(segment);
  } catch {
    return true;
  }
}

/** Backups that look as if somebody had removed their commit. */
async function warningsOf(scope: TenantScope): Promise<string[]> {
  try {
    const undecided = await undecidedBackups(scope, await readLedger(scope, { tolerant: true }));
    return undecided.flatMap(({ warning }) => (warning === undefined ? [] : [warning]));
  } catch (error) {
    if (error instanceof DrError) return [`Whether other backups lost their commits could not be found out: ${error.message}`];
    throw error;
  }
}

async function readCommit(scope: TenantScope, backupId: string, findings: Findings): Promise<Commit | undefined> {
  const key = scope.names.decision(backupId);
  try {
    const decision = await readDecision(scope, backupId);
    if (decision?.kind === 'commit') return decision;
    if (decision) throw new BackupNotCommitted(backupId, decision.reason);
    findings.add(key, 'missing', `${key} is missing: the backup has no decision object.`);
  } catch (error) {
    if (error instanceof BackupNotCommitted) throw error;
    findings.addError(key, error);
  }
  return undefined;
}

interface Gathering {
  readonly index: TenantIndex;
  readonly files: NeededFiles;
  readonly findings: Findings;
  readonly options: VerifyOptions;
}

/** All that the commit names: its segments with their packs, and the pages and pieces of its trees. */
async function gather(commit: Commit, label: string, { index, files, findings, options }: Gathering): Promise<void> {
  for (const key of commit.segments) {
    const segment = index.segments.get(key);
    if (segment) for (const pack of segment.packs) files.records.pack(pack);
    else if (!index.problems.has(key)) findings.add(key, 'missing', `Index segment ${key}, which the backup names, is missing.`);
  }
  for (const { datasetId, root } of commit.datasets) {
    if (root !== undefined) await files.addTree(`${label}${datasetId}`, root, options.signal);
  }
}
