import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemStateId } from '@dr/config/system-state';
import type { Commit, CommitDataset, TenantRepository } from '@dr/repository';
import type { Context } from '../context.ts';
import { Declined, NothingFound, UsageError } from '../errors.ts';
import { EXIT } from '../exit-code.ts';
import { bytes, counted } from '../output/human.ts';
import { bar } from '../output/out.ts';
import { printable } from '../output/table.ts';
import type { Backup, EffectiveConfig } from '../resources.ts';
import type { RestoreArguments } from '../restore-arguments.ts';
import { RepositoryDesk } from './repository-desk.ts';
import { targetFolder } from './target-folder.ts';

/**
 * Restores one item of system state to DIR/NAME, which must not be there: it never goes back to where it came from. It is read from the repository itself,
 * also when there is a gateway: no service writes into folders that a request names. @returns the exit code.
 */
export async function restoreSystemState(args: RestoreArguments, context: Context): Promise<number> {
  const [name, target] = [args.systemState!, await targetOf(args, context)];
  const id = args.id === 'latest' ? await newestWith(name, args, context) : args.id;
  const opened = await context.repository(context.offline ? undefined : await repositoryOfHouse(name, id, context));
  const { tenant, commit } = await new RepositoryDesk(opened, context.signal, context.out).committed(id);
  const item = itemOf(commit, name);
  const place = join(target, name);
  if (await lstat(place).catch(() => undefined)) throw new Declined(`${place} is there already. Give another --target, or move it away.`);
  await write(tenant, item.root!, { target, place, name, context });
  return tell(commit, item, { name, place, context });
}

async function targetOf({ target, ...args }: RestoreArguments, context: Context): Promise<string> {
  if (target === undefined) throw new UsageError('With --system-state, say where to: --target DIR.', 'restore');
  const idle = (['datasetIds', 'datasetMapping', 'path', 'version', 'targetTenant', 'overwrite', 'dryRun'] as const).find(
    (key) => args[key],
  );
  if (idle) throw new UsageError('--system-state goes with --target, and with --tenant-id and --as-of for latest, only.', 'restore');
  return targetFolder(target, context);
}

/** The newest full backup that holds it, whosever it is. */
async function newestWith(name: string, { tenantId, asOf }: RestoreArguments, context: Context): Promise<string> {
  const query = { tenant: tenantId, type: 'full', until: asOf, limit: 1000 };
  const { backups } = await (await context.desk()).list(query);
  const isHeld = ({ system_state = [] }: Backup) => system_state.some((item) => item.name === name && isThere(item.status));
  const found = backups.find(isHeld);
  if (!found) throw new NothingFound(`No backup holds system state ${name}. See: dr show ID.`);
  return found.backup_id;
}

const isThere = (status: string): boolean => status === 'completed' || status === 'partial';

/** The gateway says where its repository is, to those who may see system state. */
async function repositoryOfHouse(name: string, id: string, context: Context): Promise<string> {
  const api = await context.api();
  await api.get(`/backups/${encodeURIComponent(id)}/contents`, { system_state: name, limit: '1' });
  const { settings } = await api.get<EffectiveConfig>('/config');
  const path = String(settings['backup.path']?.value);
  context.out.say(`Reading the repository at ${path}. If it is not on this machine, give --repo URI.`);
  return path;
}

function itemOf(commit: Commit, name: string): CommitDataset {
  const item = commit.datasets.find(({ datasetId }) => datasetId === systemStateId(name));
  if (item?.root !== undefined) return item;
  const why = item ? `, because its capture failed` : '';
  throw new NothingFound(`Backup ${commit.backupId} does not hold system state ${name}${why}. See: dr show ${commit.backupId}.`);
}

interface Writing {
  target: string;
  place: string;
  name: string;
  context: Context;
}

/** Beside its place first, so that what stands there is whole. */
async function write(tenant: TenantRepository, root: string, { target, place, name, context }: Writing): Promise<void> {
  const { signal, out } = context;
  await mkdir(target, { recursive: true });
  const staging = join(target, `.dr-${name}-${process.pid}`);
  const progress = (done: { bytes: number; bytesTotal: number }) =>
    out.progress(`${name}  ${bar(done.bytes, done.bytesTotal)}  ${bytes(done.bytes)} of ${bytes(done.bytesTotal)}`);
  try {
    await tenant.restore(root, staging, { progress, signal });
    await rename(staging, place);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    throw error;
  }
}

function tell(
  commit: Commit,
  { objects, bytes: size, status, findings = [] }: CommitDataset,
  { name, place, context }: Omit<Writing, 'target'>,
) {
  const { backupId: backup_id, tenant: tenant_id } = commit;
  const lost = (findings as { severity: string; path: string; message: string }[]).filter(({ severity }) => severity === 'error');
  const answer = { backup_id, tenant_id, system_state: name, status, target: place, objects, bytes: size, findings };
  context.out.answer(answer, () =>
    [
      `Restored system state ${name} of ${backup_id} to ${place}: ${counted(objects, 'file')}, ${bytes(size)}`,
      ...lost.map(({ path, message }) => printable(`  ${path}  ${message}`)),
    ].join('\n'),
  );
  return status === 'completed' ? EXIT.ok : EXIT.partial;
}
