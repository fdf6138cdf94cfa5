import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DatasetFormat, isGoodName, isOwnFolder, syntheticFiles } from '@dr/deeplake';
import { type Commit, TargetNotEmpty, type TenantRepository } from '@dr/repository';
import type { Context } from '../context.ts';
import { Declined, NothingFound, UsageError } from '../errors.ts';
import { EXIT, exitCodeOf, exitCodeOfStatus } from '../exit-code.ts';
import { bytes } from '../output/human.ts';
import { bar } from '../output/out.ts';
import { restoreText } from '../output/restores.ts';
import type { Restore, RestoredDataset } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import { requestedAt } from './backup-view.ts';
import { RepositoryDesk } from './repository-desk.ts';

interface Job {
  from: string;
  to: string;
  format: DatasetFormat;
  root: string;
  size: number;
  /** Absolute. */
  target: string;
}

/** Restores data sets to DIR/<tenant>/<data set> with nothing but the storage. Every byte is checked before it is written. @returns the exit code. */
export async function restoreOffline(args: RestoreArguments, context: Context): Promise<number> {
  refuseWhatNeedsTheGateway(args);
  const folder = context.path(args.target!);
  const desk = new RepositoryDesk(await context.repository(), context.signal, context.out);
  const { tenant, commit } = await desk.committed(args.id === 'latest' ? await latest(desk, args) : args.id);
  const tenantName = args.targetTenant ?? commit.tenant;
  const jobs = plan(commit, args, join(folder, safe(tenantName, false)));
  for (const { target } of jobs) await mustBeEmpty(target);
  const results = args.dryRun ? jobs.map((job) => resultOf(job, 'planned')) : await restoreAll(tenant, jobs, context);
  const restore = summary(commit, tenantName, results, args.dryRun);
  context.out.answer(restore, () => restoreText(restore, join(folder, tenantName), args.dryRun ? 'Would restore' : 'Restored'));
  return args.dryRun ? EXIT.ok : exitCodeOfStatus(restore.status);
}

function refuseWhatNeedsTheGateway(args: RestoreArguments): void {
  if (args.target === undefined) throw new UsageError('With --repo, say where to: --target DIR.', 'restore');
  const given = Object.entries({
    '--overwrite': args.overwrite,
    '--path': args.path,
    '--version': args.version,
    '--keep-torn-head': args.keepTornHead,
    '--no-indexes': args.noIndexes,
    '--no-metadata': args.noMetadata,
    '--no-wait': args.noWait,
  });
  const [unsupported] = given.find(([, value]) => value !== undefined && value !== false) ?? [];
  if (unsupported) throw new UsageError(`${unsupported} cannot be used with --repo.`, 'restore');
}

/** The newest backup that holds data. @throws NothingFound; UsageError when it is not clear whose. */
async function latest(desk: RepositoryDesk, { tenantId, asOf, datasetIds }: RestoreArguments): Promise<string> {
  const { backups: all, problems } = await desk.list({ tenant: tenantId, limit: Number.POSITIVE_INFINITY });
  if (problems.length > 0) throw new Declined(`Which backup is the latest cannot be told: ${problems[0]} Name the one to restore.`);
  const backups = all.filter(({ status }) => status === 'completed' || status === 'partial');
  const tenants = new Set(backups.map((backup) => backup.tenant_id));
  if (tenants.size > 1) throw new UsageError(`latest of which tenant? Give --tenant-id (${[...tenants].sort().join(', ')}).`, 'restore');
  const found = backups.find(
    (backup) => (!asOf || (requestedAt(backup.backup_id) ?? backup.timestamp) <= asOf) && holds(backup, datasetIds),
  );
  if (!found) throw new NothingFound('There is no backup to restore. See: dr --repo URI list.');
  return found.backup_id;
}

const holds = ({ dataset_ids }: { dataset_ids: string[] }, wanted: readonly string[] | undefined): boolean =>
  (wanted ?? []).every((id) => dataset_ids.includes(id));

/** @throws NothingFound for a data set that is not in the backup; Declined for two that go to one place. */
function plan(commit: Commit, { datasetIds, datasetMapping = {} }: RestoreArguments, folder: string): Job[] {
  const known = new Set(commit.datasets.map((dataset) => dataset.datasetId));
  const unknown = [...(datasetIds ?? []), ...Object.keys(datasetMapping)].find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new NothingFound(`Backup ${commit.backupId} has no data set ${unknown}. It has ${[...known].join(', ')}.`);
  const jobs = commit.datasets.flatMap(({ datasetId, root, format, bytes: size }) => {
    if (root === undefined || (datasetIds && !datasetIds.includes(datasetId))) return [];
    const to = datasetMapping[datasetId] ?? datasetId;
    return [{ from: datasetId, to, format, root, size, target: join(folder, safe(to, true)) }];
  });
  if (jobs.length === 0) throw new NothingFound(`Backup ${commit.backupId} holds nothing of what was asked for.`);
  const clash = jobs.find((a) => jobs.some((b) => a !== b && (a.to === b.to || b.to.startsWith(`${a.to}/`))));
  if (clash)
    throw new Declined(`Two data sets would be restored to ${clash.target} or below it. Give them other names with --dataset-mapping.`);
  return jobs;
}

/** A name from the repository or the user as a path below the target. @throws Declined when it would lead elsewhere. */
function safe(name: string, nested: boolean): string {
  const parts = nested ? name.split('/') : [name];
  if (parts.every((part) => isGoodName(part) && !part.includes('/') && !isOwnFolder(part))) return name;
  throw new Declined(
    `"${name}" cannot be the name of a restored ${nested ? 'data set' : 'tenant'}. Give another one with ${nested ? '--dataset-mapping' : '--target-tenant'}.`,
  );
}

/** @throws TargetNotEmpty. */
async function mustBeEmpty(target: string): Promise<void> {
  const entries = await readdir(target).catch((cause: NodeJS.ErrnoException) => (cause.code === 'ENOENT' ? [] : undefined));
  if (entries === undefined || entries.length > 0) throw new TargetNotEmpty(target);
}

/** One after the other; one that fails does not keep the others from being restored. */
async function restoreAll(tenant: TenantRepository, jobs: readonly Job[], context: Context): Promise<RestoredDataset[]> {
  const results: RestoredDataset[] = [];
  for (const job of jobs) {
    try {
      await restoreOne(tenant, job, context);
      results.push(resultOf(job, 'completed'));
    } catch (error) {
      if (context.signal.aborted || exitCodeOf(error) === EXIT.interrupted) throw error;
      results.push({ ...resultOf(job, 'failed'), error_message: `${(error as Error).message} What is in ${job.target} is not complete.` });
    }
  }
  return results;
}

async function restoreOne(tenant: TenantRepository, { root, format, target, from }: Job, { out, signal }: Context): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const progress = (done: { bytes: number; bytesTotal: number }): void =>
    out.progress(`${from}  ${bar(done.bytes, done.bytesTotal)}  ${bytes(done.bytes)} of ${bytes(done.bytesTotal)}`);
  await tenant.restore(root, target, { signal, progress });
  const paths: string[] = [];
  for await (const { path, kind } of tenant.entries(root)) if (kind === 'file') paths.push(path);
  for (const { path, content } of syntheticFiles(paths, format)) await writeFile(join(target, path), content, { flush: true });
}

const resultOf = ({ from, to, size }: Job, status: string): RestoredDataset => ({ from, to, status, bytes: size });

function summary({ backupId, tenant }: Commit, targetTenant: string, datasets: RestoredDataset[], dryRun: boolean): Restore {
  const done = datasets.filter(({ status }) => status === 'completed').length;
  const status = dryRun ? 'planned' : done === datasets.length ? 'completed' : done > 0 ? 'partial' : 'failed';
  return { restore_id: '', backup_id: backupId, status, tenant_id: tenant, target_tenant: targetTenant, datasets };
}
