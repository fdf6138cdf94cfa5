import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectDataset, isWanted, syntheticFiles } from '@dr/deeplake';
import type { Finding, RecordRestored, RestoreDataset, RestoreOptions } from '@dr/domain';
import type { Commit, Progress, TenantRepository } from '@dr/repository';
import { DrError, openSourceFolder } from '@dr/storage';
import type { Place } from './place.ts';
import { refuseLinks } from './refuse-links.ts';
import { exists, finishSwap, recordIntent, syncFolder } from './swap.ts';
import { verifyStaged } from './verify-staged.ts';

export interface RestoreDatasetRequest {
  tenant: TenantRepository;
  commit: Commit;
  dataset: RestoreDataset;
  options: RestoreOptions;
  place: Place;
  /** Absolute folder that holds all tenants. */
  sourceRoot: string;
  signal: AbortSignal;
  progress: (progress: Progress) => void;
  /** Asked once, before the target is touched. Throws when the restore must not go on. */
  beginSwap: () => Promise<void>;
}

/** Something lies where the data set should go, and overwriting was not asked for. */
export class TargetExists extends DrError {
  readonly code = 'restore.target_exists';
  constructor(target: string) {
    super(
      `${target} exists already and was left as it is. Restore with overwrite_existing (--overwrite), or under another name (dataset_mapping).`,
    );
  }
}

/** The staged data set has structure errors that the backup did not report. */
export class StructureBroken extends DrError {
  readonly code = 'restore.structure_broken';
  constructor(findings: readonly Finding[]) {
    const told = findings.slice(0, 3).map((f) => `${f.format} ${f.code} ${f.path}: ${f.message}`);
    super(`The restored data set does not pass the structure checks, so it was not put in place: ${told.join('; ')}.`);
  }
}

/**
 * Stages a data set beside its place, checks every byte and the structure, and only then swaps it in. A job that is repeated finishes a
 * swap that had begun, and else starts the staging anew.
 */
export async function restoreDataset(request: RestoreDatasetRequest): Promise<RecordRestored> {
  const { place, dataset } = request;
  if (await exists(place.intent)) {
    await finishSwap(place);
    return resultOf(dataset, await captured(request), []);
  }
  await refuseOccupied(request);
  const report = await stage(request);
  const findings = await checkStructure(request);
  await refuseOccupied(request);
  await request.beginSwap();
  await chmod(place.staging, await modeOf(place.target));
  await recordIntent(place);
  await finishSwap(place);
  return resultOf(dataset, report, findings);
}

async function refuseOccupied({ place, options, sourceRoot }: RestoreDatasetRequest): Promise<void> {
  await refuseLinks(sourceRoot, place);
  if (!options.overwriteExisting && (await exists(place.target))) throw new TargetExists(place.target);
}

async function stage({ tenant, dataset, options, place, signal, progress }: RestoreDatasetRequest) {
  const wanted = (path: string) => isWanted(path, dataset.format, { indexes: options.restoreIndexes, metadata: options.restoreMetadata });
  await rm(place.staging, { recursive: true, force: true });
  await mkdir(place.tenantFolder, { recursive: true });
  await syncFolder(join(place.tenantFolder, '..'));
  await mkdir(place.staging, { mode: 0o700 });
  const report = await tenant.restore(dataset.root, place.staging, { filter: ({ path }) => wanted(path), signal, progress });
  await writeSynthetic(tenant, dataset, place.staging);
  if (options.verifyIntegrity) await verifyStaged(tenant, dataset.root, place.staging, wanted);
  return report;
}

/** A data set keeps the mode of the one that it replaces. */
async function modeOf(target: string): Promise<number> {
  const before = await stat(target).catch(() => undefined);
  return before === undefined ? 0o755 : before.mode & 0o7777;
}

/** Files that are made anew, such as v4's commit counters. */
async function writeSynthetic(tenant: TenantRepository, { root, format }: RestoreDataset, staging: string): Promise<void> {
  const paths: string[] = [];
  for await (const { path, kind } of tenant.entries(root)) if (kind === 'file') paths.push(path);
  for (const { path, content } of syntheticFiles(paths, format)) {
    await writeFile(join(staging, path), content, { flush: true });
  }
}

/** Findings that the backup carried already are told again; new errors stop the restore. */
async function checkStructure({ commit, dataset, place }: RestoreDatasetRequest): Promise<Finding[]> {
  const report = await inspectDataset(await openSourceFolder(place.staging));
  const known = (commit.datasets.find((d) => d.datasetId === dataset.from)?.findings ?? []) as Finding[];
  const knownErrors = new Set(known.map((f) => `${f.code} ${f.path}`));
  const fresh = report.findings.filter((f) => f.severity === 'error' && !knownErrors.has(`${f.code} ${f.path}`));
  if (fresh.length > 0) throw new StructureBroken(fresh);
  return report.findings.map(({ format, code, severity, path, message }) => ({ format, code, severity, path, message }));
}

async function captured({ commit, dataset }: RestoreDatasetRequest): Promise<{ objects: number; bytes: number }> {
  const found = commit.datasets.find((d) => d.datasetId === dataset.from);
  return { objects: found?.objects ?? 0, bytes: found?.bytes ?? 0 };
}

const resultOf = (
  { n, from, to }: RestoreDataset,
  { objects, bytes }: { objects: number; bytes: number },
  findings: Finding[],
): RecordRestored => ({
  kind: 'recordRestored',
  n,
  from,
  to,
  objects,
  bytes,
  findings,
});
