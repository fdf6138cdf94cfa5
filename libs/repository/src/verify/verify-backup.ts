import { readDecision } from '../decisions.ts';
import { BackupNotCommitted } from '../errors.ts';
import { PieceReader } from '../index/piece-reader.ts';
import { TenantIndex } from '../index/tenant-index.ts';
import type { TenantScope } from '../tenant-scope.ts';
import type { Commit, VerifyOptions, VerifyReport } from '../types.ts';
import type { WorkerPool } from '../workers/pool.ts';
import { checkTenantObjects, checkTop } from './check-objects.ts';
import { checkPacksFull, checkPacksQuick, type PackCheck } from './check-packs.ts';
import { Findings } from './findings.ts';
import { NeededFiles } from './needed-files.ts';

export interface VerifyParts {
  readonly scope: TenantScope;
  readonly pool: () => WorkerPool;
}

/** Verifies one backup: everything it needs, and every small object of its tenant. @throws BackupNotCommitted, the signal's reason; never for damage. */
export async function verifyBackup({ scope, pool }: VerifyParts, backupId: string, options: VerifyOptions): Promise<VerifyReport> {
  const findings = new Findings();
  const report = { backupId, level: options.level };
  await checkTop(scope, findings);
  const packs = await checkTenantObjects(scope, findings).catch((error: unknown) => {
    findings.addError(scope.names.top, error);
    return new Map<string, number>();
  });
  const commit = await readCommit(scope, backupId, findings);
  const index = new TenantIndex(scope);
  await index.load().catch((error: unknown) => findings.addError(scope.names.index, error));
  const files = new NeededFiles(new PieceReader(scope, index), findings);
  if (commit) await gather(commit, index, files, findings, options);
  for (const { object, error } of index.problems.values()) findings.addError(object, error);
  const check: PackCheck = { scope, index, files, findings, listed: packs, options };
  if (options.level === 'quick') await checkPacksQuick(check);
  else await checkPacksFull(check, pool());
  options.signal?.throwIfAborted();
  const list = findings.list();
  return { ...report, ok: list.length === 0, ...files.totals(options.level === 'full'), packs: files.records.packCount, findings: list };
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

/** All that the commit names: its segments with their packs, and the pages and pieces of its trees. */
async function gather(commit: Commit, index: TenantIndex, files: NeededFiles, findings: Findings, options: VerifyOptions): Promise<void> {
  for (const key of commit.segments) {
    const segment = index.segments.get(key);
    if (segment) for (const pack of segment.packs) files.records.pack(pack);
    else if (!index.problems.has(key)) findings.add(key, 'missing', `Index segment ${key}, which the backup names, is missing.`);
  }
  for (const { datasetId, root } of commit.datasets) {
    if (root !== undefined) await files.addTree(datasetId, root, options.signal);
  }
}
