import { stateAt } from '@dr/config/ids';
import { chooseAsOf, type Finding, type Unreached } from '@dr/deeplake';
import type { Commit } from '@dr/repository';
import { editsOf, type RestoreChoices } from '@dr/restore';
import { DrError } from '@dr/storage';
import type { Context } from '../context.ts';
import { Declined, NothingFound } from '../errors.ts';
import type { Backup } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import { backupsOf, chooseSets, holds, latest, ofDatasets } from './choose-sets.ts';
import type { RepositoryDesk } from './repository-desk.ts';

/** The backup to restore. With `asOf` its data sets are cut to that moment, and those of `without` did not exist then. */
export interface Source {
  id: string;
  asOf?: string;
  without?: readonly string[];
}

/** The backup that `latest` means. Parts of data sets are not cut: they come from the newest backup before the moment. */
export async function sourceOf(desk: RepositoryDesk, args: RestoreArguments, options: RestoreChoices, context: Context): Promise<Source> {
  const { asOf } = args;
  if (asOf === undefined || args.path !== undefined) return { id: await latest(desk, args, context) };
  const after = (await backupsOf(desk, args)).filter((b) => stateAt(b) >= asOf && b.type !== 'snapshot' && holds(b, args.datasetIds));
  const choice = await chooseAsOf<Backup>({
    after: after.reverse(),
    before: () => earlier(desk, args, context),
    datasetsOf: ({ datasets }) => datasets.map(({ dataset_id }) => dataset_id),
    unreached: ({ backup_id }) => unreached(desk, backup_id, args, { ...options, asOf }),
    named: args.datasetIds !== undefined,
  });
  if (!choice.backup) throw noneFor(asOf, choice.why);
  const id = choice.backup.backup_id;
  if (!choice.cut) {
    context.out.say(`No backup from after ${asOf} gives the data sets as they were then; ${id} is taken as it was captured.`);
    return { id };
  }
  const without = choice.without.map(({ datasetId }) => datasetId);
  context.out.say(`${id} is cut to ${asOf}.${without.length > 0 ? ` Left out, since it did not exist then: ${without.join(', ')}.` : ''}`);
  return { id, asOf, without };
}

async function earlier(desk: RepositoryDesk, args: RestoreArguments, context: Context): Promise<Backup | undefined> {
  try {
    return await desk.backup(await latest(desk, args, context));
  } catch (error) {
    if (error instanceof NothingFound) return undefined;
    throw error;
  }
}

/** Which data sets of a backup cannot be cut to the moment. */
async function unreached(desk: RepositoryDesk, id: string, args: RestoreArguments, options: RestoreChoices): Promise<Unreached[]> {
  const { tenant, commit: all } = await desk.committed(id);
  const commit = ofDatasets(all);
  const found: Unreached[] = [];
  for (const dataset of chooseSets(commit, { ...args, datasetMapping: undefined }, '')) {
    const known = (commit.datasets.find(({ datasetId }) => datasetId === dataset.from)?.findings ?? []) as Finding[];
    const error = await editsOf({ tenant, dataset, options, known }).then(() => undefined, problemOf);
    if (error) found.push({ datasetId: dataset.from, code: error.code, message: `Data set ${dataset.from}: ${error.message}` });
  }
  return found;
}

function problemOf(error: unknown): DrError {
  if (error instanceof DrError && error.code.startsWith('restore.version_')) return error;
  throw error;
}

function noneFor(asOf: string, why: readonly Unreached[]): Error {
  if (why.length === 0) return new NothingFound('There is no backup to restore. See: dr --repo URI list.');
  const told = why.map(({ message }) => message).join(' ');
  return new Declined(`No backup is from before ${asOf}, and of those from after it: ${told}`);
}

/** The commit as if it did not hold some data sets. */
export function withoutSets(commit: Commit, without: readonly string[] = []): Commit {
  const datasets = commit.datasets.filter(({ datasetId }) => !without.includes(datasetId));
  return { ...commit, datasets, expected: commit.expected - (commit.datasets.length - datasets.length) };
}
