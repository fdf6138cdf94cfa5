import { join } from 'node:path';
import type { Commit, TenantRepository } from '@dr/repository';
import { planRestore, type RestoreChoices, type RestoredSet, type RestorePlan, restoreDataset } from '@dr/restore';
import type { Context } from '../context.ts';
import { Declined, UsageError } from '../errors.ts';
import { EXIT, exitCodeOf, exitCodeOfStatus } from '../exit-code.ts';
import { bytes } from '../output/human.ts';
import { bar } from '../output/out.ts';
import { planText, restoreText } from '../output/restores.ts';
import type { Backup, Restore, RestoredDataset } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import { type Source, sourceOf, withoutSets } from './as-of.ts';
import { chooseSets, ofDatasets, safeTenant } from './choose-sets.ts';
import { clearLeftovers, placeOf } from './leftovers.ts';
import { planView } from './plan-view.ts';
import { RepositoryDesk } from './repository-desk.ts';
import { targetFolder } from './target-folder.ts';

/** One restore with nothing but the storage. */
interface Work {
  args: RestoreArguments;
  context: Context;
  tenant: TenantRepository;
  commit: Commit;
  /** What the tenants' folders are below. Absolute. */
  folder: string;
  targetTenant: string;
  sets: readonly RestoredSet[];
  options: RestoreChoices;
}

/**
 * Restores data sets to DIR/<tenant>/<data set> with nothing but the storage, as the restorer does it: planned, staged beside the place, every
 * byte read again, swapped in. @returns the exit code.
 */
export async function restoreOffline(args: RestoreArguments, context: Context): Promise<number> {
  refuseWhatNeedsTheGateway(args);
  const folder = await targetFolder(args.target!, context);
  const desk = new RepositoryDesk(await context.repository(), context.signal, context.out);
  const asked = optionsOf(args);
  const source: Source = args.id === 'latest' ? await sourceOf(desk, args, asked, context) : { id: args.id };
  const { tenant, commit: all } = await desk.committed(source.id);
  const commit = withoutSets(ofDatasets(all), source.without);
  const targetTenant = safeTenant(args.targetTenant ?? commit.tenant);
  const sets = chooseSets(commit, args, join(folder, targetTenant));
  refuseWithoutIndexes(args, sets);
  const work = {
    args,
    context,
    tenant,
    commit,
    folder,
    targetTenant,
    sets,
    options: { ...asked, ...(source.asOf && { asOf: source.asOf }) },
  };
  return args.dryRun ? tellPlan(work) : restoreNow(work);
}

function refuseWhatNeedsTheGateway({ target, noWait, path, overwrite }: RestoreArguments): void {
  if (target === undefined) throw new UsageError('With --repo, say where to: --target DIR.', 'restore');
  if (noWait) throw new UsageError('--no-wait cannot be used with --repo: nobody else would do the work.', 'restore');
  if (path && overwrite) throw new UsageError('--path goes only into a new data set, so it does not go with --overwrite.', 'restore');
}

function refuseWithoutIndexes({ noIndexes }: RestoreArguments, sets: readonly RestoredSet[]): void {
  const v4 = noIndexes ? sets.find(({ format }) => format === 'v4') : undefined;
  if (v4) throw new Declined(`--no-indexes cannot be honoured for ${v4.from}: the logs of a v4 data set name its index files.`);
}

const optionsOf = (args: RestoreArguments): RestoreChoices => ({
  overwriteExisting: args.overwrite,
  force: args.force,
  verifyIntegrity: !args.noVerify,
  restoreIndexes: !args.noIndexes,
  restoreMetadata: !args.noMetadata,
  keepTornHead: args.keepTornHead,
  paths: args.path ?? [],
  ...(args.version !== undefined && { version: args.version }),
});

function planOf({ context, folder, targetTenant, sets, ...work }: Work, detail: boolean): Promise<RestorePlan> {
  const shown = (to: string): string => join(folder, targetTenant, to);
  return planRestore({ ...work, targetTenant, datasets: sets, sourceRoot: folder, now: context.machine.now(), detail, shown });
}

async function tellPlan(work: Work): Promise<number> {
  const plan = planView(await planOf(work, true), work.commit, work.targetTenant);
  work.context.out.answer(plan, () => planText({ ...plan, target_tenant: join(work.folder, work.targetTenant) }));
  return plan.possible ? EXIT.ok : EXIT.refused;
}

async function restoreNow(work: Work): Promise<number> {
  const { context, commit, folder, targetTenant, sets } = work;
  for (const set of sets) await clearLeftovers(await placeFor(work, set));
  const plan = await planOf(work, false);
  if (plan.conflicts.length > 0) throw new Declined(plan.conflicts.map(({ message }) => message).join('\n'));
  const restore = summary(commit, work, await restoreAll(work, plan));
  context.out.answer(restore, () => restoreText(restore, join(folder, targetTenant), 'Restored'));
  return exitCodeOfStatus(restore.status);
}

/** One after the other; one that fails does not keep the others from being restored. */
async function restoreAll(work: Work, plan: RestorePlan): Promise<RestoredDataset[]> {
  const results: RestoredDataset[] = [];
  for (const [i, set] of work.sets.entries()) {
    const { from, to } = set;
    try {
      const { bytes: size, lacks, findings } = await restoreOne(work, set, plan.datasets[i]!.fingerprint);
      results.push({
        from,
        to,
        status: lacks === undefined ? 'completed' : 'partial',
        bytes: size,
        findings,
        error_message: lacks ?? null,
      });
    } catch (error) {
      if (work.context.signal.aborted || exitCodeOf(error) === EXIT.interrupted) throw error;
      results.push({ from, to, status: 'failed', bytes: null, error_message: (error as Error).message });
    }
  }
  return results;
}

async function restoreOne(work: Work, dataset: RestoredSet, planned: string | undefined) {
  const { tenant, commit, folder, options, context } = work;
  const { out, signal, machine } = context;
  return restoreDataset({
    tenant,
    commit,
    dataset,
    options,
    place: await placeFor(work, dataset),
    sourceRoot: folder,
    planned,
    signal,
    now: machine.now,
    progress: ({ bytes: done, bytesTotal }) =>
      out.progress(`${dataset.from}  ${bar(done, bytesTotal)}  ${bytes(done)} of ${bytes(bytesTotal)}`),
    beginSwap: async () => undefined,
  });
}

const placeFor = ({ commit, folder, targetTenant }: Work, set: RestoredSet) =>
  placeOf(folder, targetTenant, set, commit.datasets.find(({ datasetId }) => datasetId === set.from)?.path);

function summary(commit: Commit, { args, targetTenant }: Work, datasets: RestoredDataset[]): Restore {
  const { backupId, tenant } = commit;
  const lacks = args.datasetIds ? [] : lackedBy(commit, datasets.length);
  const done = datasets.filter(({ status }) => status !== 'failed').length;
  const whole = lacks.length === 0 && datasets.every(({ status }) => status === 'completed');
  return {
    restore_id: '',
    backup_id: backupId,
    status: whole ? 'completed' : done > 0 ? 'partial' : 'failed',
    tenant_id: tenant,
    target_tenant: targetTenant,
    datasets,
    error_message: lacks.length > 0 ? lacks.join(' ') : null,
  };
}

/** What a backup of everything does not hold, in sentences. */
function lackedBy({ datasets, expected, extra }: Commit, restored: number): string[] {
  const failed = datasets.filter(({ root }) => root === undefined).map(({ datasetId }) => datasetId);
  const missing = Math.max(failed.length, expected - restored);
  const named = failed.length > 0 ? ` (${failed.join(', ')})` : '';
  const leftOut = (extra?.['leftOut'] as Backup['left_out'])?.lost ?? 0;
  return [
    ...(missing > 0 ? [`The backup does not hold ${missing} of the ${expected} data sets that it was to hold${named}.`] : []),
    ...(leftOut > 0 ? [`It left out ${leftOut} that may hold data: dr show names them.`] : []),
  ];
}
