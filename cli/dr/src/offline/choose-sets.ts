import { join } from 'node:path';
import { stateAt } from '@dr/config/ids';
import { withoutSystemState } from '@dr/config/system-state';
import { isDatasetId, isTenantName } from '@dr/deeplake';
import type { Commit } from '@dr/repository';
import type { RestoredSet } from '@dr/restore';
import type { Context } from '../context.ts';
import { Declined, NothingFound, UsageError } from '../errors.ts';
import type { Backup } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import type { RepositoryDesk } from './repository-desk.ts';

/**
 * The newest backup that holds the data; a whole one is preferred to a newer partial one, both to a snapshot, and a partial one is said.
 * @throws NothingFound; UsageError when it is not clear whose.
 */
export async function latest(desk: RepositoryDesk, { tenantId, asOf, datasetIds }: RestoreArguments, { out }: Context): Promise<string> {
  const backups = await backupsOf(desk, { tenantId });
  const fit = backups.filter((backup) => (!asOf || stateAt(backup) < asOf) && holds(backup, datasetIds));
  const held = fit.filter(({ type }) => type !== 'snapshot');
  const found = held.find(({ status }) => status === 'completed') ?? held[0] ?? fit.find(({ status }) => status === 'completed') ?? fit[0];
  if (!found) throw new NothingFound('There is no backup to restore. See: dr --repo URI list.');
  if (found !== fit[0])
    out.say(
      `${fit[0]!.backup_id} is newer, but ${fit[0]!.type === 'snapshot' ? 'a snapshot' : 'partial'}; the newest whole backup is taken. Name the other one to restore it.`,
    );
  if (found.status === 'partial')
    out.say(`${found.backup_id} is the latest, and it is partial: dr show ${found.backup_id} says what it lacks.`);
  return found.backup_id;
}

/** What can be restored of one tenant, that with the newest state first. @throws UsageError when it is not clear whose; Declined when some cannot be read. */
export async function backupsOf(desk: RepositoryDesk, { tenantId }: Pick<RestoreArguments, 'tenantId'>): Promise<Backup[]> {
  const { backups: all, problems } = await desk.list({ tenant: tenantId, limit: Number.POSITIVE_INFINITY });
  if (problems.length > 0) throw new Declined(`Which backup is the latest cannot be told: ${problems[0]} Name the one to restore.`);
  const backups = all.filter(({ status }) => status === 'completed' || status === 'partial');
  const tenants = new Set(backups.map((backup) => backup.tenant_id));
  if (tenants.size > 1) throw new UsageError(`latest of which tenant? Give --tenant-id (${[...tenants].sort().join(', ')}).`, 'restore');
  return backups.sort(newestState);
}

const newestState = (a: Backup, b: Backup): number => (stateAt(a) === stateAt(b) ? 0 : stateAt(a) < stateAt(b) ? 1 : -1);

/** A data set whose capture failed is named by a partial backup, and not in it. */
export const holds = ({ datasets }: Backup, wanted: readonly string[] | undefined): boolean =>
  (wanted ?? []).every((id) => datasets.some(({ dataset_id, status }) => dataset_id === id && status !== 'failed'));

/** System state is restored by name only, never with the data sets. */
export function ofDatasets(commit: Commit): Commit {
  const { datasets, systemState } = withoutSystemState(commit.datasets, ({ datasetId }) => datasetId);
  return { ...commit, datasets, expected: commit.expected - systemState.length };
}

/** @throws NothingFound for a data set that is not in the backup; Declined for names that lead elsewhere, and for two that go to one place. */
export function chooseSets(commit: Commit, { datasetIds, datasetMapping = {} }: RestoreArguments, folder: string): RestoredSet[] {
  const known = new Set(commit.datasets.map((dataset) => dataset.datasetId));
  const unknown = [...(datasetIds ?? []), ...Object.keys(datasetMapping)].find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new NothingFound(`Backup ${commit.backupId} has no data set ${unknown}. It has ${[...known].join(', ')}.`);
  const sets = commit.datasets.flatMap(({ datasetId: from, root, format }) => {
    if (root === undefined || (datasetIds && !datasetIds.includes(from))) return [];
    return [{ from, to: safeId(Object.hasOwn(datasetMapping, from) ? datasetMapping[from]! : from), format, root }];
  });
  if (sets.length === 0) throw new NothingFound(`Backup ${commit.backupId} holds nothing of what was asked for.`);
  refuseClash(sets, folder);
  return sets;
}

function refuseClash(sets: readonly RestoredSet[], folder: string): void {
  const clash = sets.find((a) => sets.some((b) => a !== b && (a.to === b.to || b.to.startsWith(`${a.to}/`))));
  if (!clash) return;
  const where = join(folder, clash.to);
  throw new Declined(`Two data sets would be restored to ${where} or below it. Give them other names with --dataset-mapping.`);
}

function safeId(name: string): string {
  if (isDatasetId(name)) return name;
  throw new Declined(`"${name}" cannot be the name of a restored data set. Give another one with --dataset-mapping.`);
}

/** @throws Declined when the name would lead elsewhere. */
export function safeTenant(name: string): string {
  if (isTenantName(name)) return name;
  throw new Declined(`"${name}" cannot be the name of a restored tenant. Give another one with --target-tenant.`);
}
