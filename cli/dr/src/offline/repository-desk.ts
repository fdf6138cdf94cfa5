import { isDataset, systemStateId } from '@dr/config/system-state';
import { BackupUnknown, type Commit, type CommitDataset, type Decision, type TenantRepository, type TreeEntry } from '@dr/repository';
import { DrError } from '@dr/storage';
import type { BackupDesk, Level, ListQuery } from '../desk.ts';
import { Declined, NothingFound, UsageError } from '../errors.ts';
import { bytes, counted } from '../output/human.ts';
import { bar, type Out } from '../output/out.ts';
import type { Backup, ContentEntry, DatasetChange, FileChange, Verification } from '../resources.ts';
import { backupOf } from './backup-view.ts';
import { ofDatasets } from './choose-sets.ts';
import type { OfflineRepository } from './open-repository.ts';

/** Entries that are shown at a time. */
const PAGE = 1000;
/** Data sets of a diff that are shown in one table. */
const CHANGES_AT_ONCE = 100;

/** The desk over the storage alone. */
export class RepositoryDesk implements BackupDesk {
  readonly #opened: OfflineRepository;
  readonly #signal: AbortSignal;
  readonly #out: Out;

  constructor(opened: OfflineRepository, signal: AbortSignal, out: Out) {
    this.#opened = opened;
    this.#signal = signal;
    this.#out = out;
  }

  async list({ tenant, limit, ...filters }: ListQuery): Promise<{ backups: Backup[]; problems: string[] }> {
    const problems: string[] = [];
    const onDamaged = (error: unknown): void => void problems.push((error as Error).message);
    const found: Backup[] = [];
    for (const one of await this.tenants(tenant, onDamaged)) {
      found.push(...(await newestOf(one, { limit, onDamaged, fits: (backup) => fits(backup, filters) })));
      for (const { warning } of await one.undecided()) if (warning !== undefined) this.#out.say(`Warning: ${warning}`);
    }
    return { backups: found.sort(newestFirst).slice(0, limit), problems };
  }

  async backup(id: string): Promise<Backup> {
    return backupOf((await this.find(id)).decision);
  }

  async *contents(id: string, where: { datasetId?: string; systemState?: string; path?: string }): AsyncGenerator<ContentEntry[]> {
    const { path } = where;
    const { tenant, commit } = await this.committed(id);
    const datasets = chosen(commit, where);
    for (const dataset of datasets) {
      if (dataset.root !== undefined) yield* pages(dataset.datasetId, tenant.entries(dataset.root, { under: path }));
    }
  }

  async *changes(before: string, after: string, { datasetId }: { datasetId?: string }): AsyncGenerator<DatasetChange[]> {
    const { changeResource, diffBackups } = await import('@dr/diff');
    const both = await this.#both(before, after);
    let page: DatasetChange[] = [];
    let told = 0;
    for await (const change of diffBackups({ ...both, datasetId })) {
      this.#signal.throwIfAborted();
      page.push(changeResource(change) as unknown as DatasetChange);
      if (page.length < CHANGES_AT_ONCE) continue;
      yield page;
      told += page.length;
      page = [];
    }
    if (page.length > 0) yield page;
    if (told + page.length === 0 && datasetId !== undefined) throw noSuchSet(before, after, datasetId);
  }

  async *changedFiles(before: string, after: string, datasetId: string): AsyncGenerator<FileChange[]> {
    const { changedFiles, fileResource } = await import('@dr/diff');
    const both = await this.#both(before, after);
    const [was, is] = [both.before, both.after].map(({ datasets }) =>
      datasets.find((d) => d.datasetId === datasetId && d.root !== undefined),
    );
    if (!was || !is) throw noSuchSet(before, after, datasetId);
    for await (const page of changedFiles(both.tenant, was, is)) yield page.map(fileResource);
  }

  /** @throws Declined for backups of different tenants. */
  async #both(before: string, after: string): Promise<{ tenant: TenantRepository; before: Commit; after: Commit }> {
    const [a, b] = [await this.committed(before), await this.committed(after)];
    if (a.tenant.tenant === b.tenant.tenant) return { tenant: a.tenant, before: ofDatasets(a.commit), after: ofDatasets(b.commit) };
    throw new Declined(`${before} and ${after} are backups of different tenants, which have nothing in common.`);
  }

  async verify(id: string, { level, samplePercent }: { level: Level; samplePercent?: number }): Promise<Verification> {
    if (samplePercent !== undefined) throw new UsageError('--sample cannot be used with --repo yet.', 'verify');
    const { tenant, commit } = await this.committed(id);
    const progress = (done: { bytes: number; bytesTotal: number }): void =>
      this.#out.progress(`${id}  ${bar(done.bytes, done.bytesTotal)}  ${bytes(done.bytes)} of ${bytes(done.bytesTotal)}`);
    const report = await tenant.verify(commit, { level, signal: this.#signal, progress });
    const findings = report.findings.map(({ object, kind, message, paths }) => ({ object, kind, message, paths }));
    return {
      backup_id: id,
      tenant_id: commit.tenant,
      status: report.ok ? 'passed' : 'failed',
      level,
      objects: report.objects,
      bytes: report.bytes,
      findings,
      ...(report.pinned && { pinned_objects: report.pinned.objects, pinned_bytes: report.pinned.bytes }),
      ...(report.warnings && report.warnings.length > 0 && { warnings: report.warnings }),
    };
  }

  /**
   * The tenants with this name, or all. Keys that are damaged in both copies hide no other tenant: they go to `onDamaged`.
   * @throws TenantUnknown; KeyDamaged for the tenant that was asked for.
   */
  async tenants(name?: string, onDamaged: (error: unknown) => void = () => undefined): Promise<TenantRepository[]> {
    const { repository } = this.#opened;
    if (name !== undefined) return [await repository.tenant(name)];
    const opened: TenantRepository[] = [];
    for (const each of await repository.tenants({ onDamaged })) {
      try {
        opened.push(await repository.tenant(each));
      } catch (error) {
        if (!(error instanceof DrError) || !error.code.startsWith('keys.')) throw error;
        onDamaged(error);
      }
    }
    return opened;
  }

  /** The tenant that has a backup, and the decision. @throws BackupUnknown. */
  async find(id: string): Promise<{ tenant: TenantRepository; decision: Decision }> {
    const damaged: unknown[] = [];
    const tenants = await this.tenants(undefined, (error) => damaged.push(error));
    for (const tenant of tenants) {
      const decision = await tenant.decision(id);
      if (decision) return { tenant, decision };
    }
    if (damaged.length > 0) throw damaged[0];
    throw new BackupUnknown(id, tenants.length === 1 ? tenants[0]!.tenant : `any of ${counted(tenants.length, 'tenant')}`);
  }

  /** @throws BackupUnknown, BackupNotCommitted, BackupPurged. */
  async committed(id: string): Promise<{ tenant: TenantRepository; commit: Commit }> {
    const { tenant } = await this.find(id);
    return { tenant, commit: await tenant.commit(id) };
  }

  async close(): Promise<void> {}
}

/** @throws NothingFound */
function chosen({ backupId, datasets }: Commit, { datasetId, systemState }: { datasetId?: string; systemState?: string }): CommitDataset[] {
  const id = systemState === undefined ? datasetId : systemStateId(systemState);
  const found = datasets.filter((dataset) => (id === undefined ? isDataset(dataset.datasetId) : dataset.datasetId === id));
  if (found.length > 0) return found;
  const others = datasets.map((dataset) => dataset.datasetId).filter(isDataset);
  if (systemState !== undefined) throw new NothingFound(`Backup ${backupId} has no system state ${systemState}. See: dr show ${backupId}.`);
  throw new NothingFound(`Backup ${backupId} has no data set ${datasetId}. It has ${others.join(', ')}.`);
}

interface Wanted {
  readonly limit: number;
  readonly fits: (backup: Backup) => boolean;
  readonly onDamaged: (error: unknown) => void;
}

/** Up to `limit` backups of a tenant that fit; older ones are not read. */
async function newestOf(tenant: TenantRepository, { limit, fits, onDamaged }: Wanted): Promise<Backup[]> {
  const found: Backup[] = [];
  for await (const page of tenant.backups({ newestFirst: true, onDamaged })) {
    found.push(...page.map(backupOf).filter(fits));
    if (found.length >= limit) break;
  }
  return found;
}

/** The gateway's filters, which look at the times of requests. */
function fits(backup: Backup, { type, status, datasetId, since, until }: Omit<ListQuery, 'tenant' | 'limit'>): boolean {
  if ((type ?? backup.type) !== backup.type || (status ?? backup.status) !== backup.status) return false;
  if (datasetId !== undefined && !backup.dataset_ids.includes(datasetId)) return false;
  return (since === undefined || backup.timestamp >= since) && (until === undefined || backup.timestamp < until);
}

function newestFirst(a: Backup, b: Backup): number {
  return `${b.timestamp} ${b.backup_id}` < `${a.timestamp} ${a.backup_id}` ? -1 : 1;
}

async function* pages(datasetId: string, entries: AsyncIterable<TreeEntry>): AsyncGenerator<ContentEntry[]> {
  let page: ContentEntry[] = [];
  for await (const entry of entries) {
    if (entry.kind !== 'dir') page.push(contentOf(datasetId, entry));
    if (page.length === PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

function contentOf(dataset_id: string, { path, kind, size, digest, mtimeNs, linkTarget, pinned }: TreeEntry): ContentEntry {
  const modified_at = new Date(Number(mtimeNs / 1_000_000n)).toISOString();
  return {
    dataset_id,
    path,
    kind,
    size,
    digest: digest ?? null,
    modified_at,
    ...(linkTarget !== undefined && { link_target: linkTarget }),
    ...(pinned && { pinned }),
  };
}

const noSuchSet = (before: string, after: string, dataset: string): NothingFound =>
  new NothingFound(`${before} and ${after} do not both hold data set ${dataset}, or neither does.`);
