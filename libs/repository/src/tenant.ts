import type { BackupSession, RepositoryFolder, TenantRepository } from './api.ts';
import { listDecisions, type NewestOptions, newestWith, readDecision } from './decisions.ts';
import { BackupNotCommitted, BackupPurged, BackupUnknown, OpenedForReading } from './errors.ts';
import { encodeTombstone } from './format/decision.ts';
import { checkBackupId } from './format/object-names.ts';
import { PieceReader } from './index/piece-reader.ts';
import type { TenantIndex } from './index/tenant-index.ts';
import { readLedger } from './ledger.ts';
import type { Holder } from './pinned/holders.ts';
import type { TenantScope } from './tenant-scope.ts';
import { rootId, walkEntries } from './tree/walk-tree.ts';
import type {
  BackupType,
  Commit,
  Decision,
  PieceId,
  PinnedFiles,
  RestoreOptions,
  RestoreReport,
  TreeDifference,
  TreeEntry,
  UndecidedBackup,
  VerifyOptions,
  VerifyReport,
} from './types.ts';
import type { EngineLimits } from './workers/limits.ts';
import type { WorkerPool } from './workers/pool.ts';

export interface TenantParts {
  readonly scope: TenantScope;
  readonly limits: EngineLimits;
  readonly mode: 'read' | 'write';
  /** What this process knows of the tenant's index segments; shared, so only segments may be entered. */
  readonly index: () => TenantIndex;
  /** The repository's threads, started when first asked for. */
  readonly pool: () => WorkerPool;
}

/** One tenant's backups. What only some uses need is loaded by them: a process that makes one backup starts in half the time. */
export class OpenedTenant implements TenantRepository {
  readonly tenant: string;
  readonly #parts: TenantParts;
  #reader: Promise<PieceReader> | undefined;

  constructor(parts: TenantParts) {
    this.tenant = parts.scope.keys.tenant;
    this.#parts = parts;
  }

  async *backups(options: { newestFirst?: boolean; onDamaged?: (error: unknown) => void } = {}): AsyncGenerator<Decision[]> {
    const ledger = await readLedger(this.#parts.scope, { tolerant: true });
    const damaged: unknown[] = [];
    const { newestFirst, onDamaged = (error) => damaged.push(error) } = options;
    yield* listDecisions(this.#parts.scope, ledger, { newestFirst, damaged: onDamaged });
    if (damaged.length > 0) throw damaged[0];
  }

  decision(backupId: string): Promise<Decision | undefined> {
    return readDecision(this.#parts.scope, checkBackupId(backupId));
  }

  async commit(backupId: string): Promise<Commit> {
    const plan = (await readLedger(this.#parts.scope, { tolerant: true })).purged.get(backupId);
    if (plan !== undefined) throw new BackupPurged(backupId, plan);
    const decision = await this.decision(backupId);
    if (!decision) throw new BackupUnknown(backupId, this.tenant);
    if (decision.kind === 'tombstone') throw new BackupNotCommitted(backupId, decision.reason);
    return decision;
  }

  async begun(backupId: string): Promise<Pick<UndecidedBackup, 'type' | 'startedAtMs'>> {
    const { begun } = await import('./undecided.ts');
    return begun(this.#parts.scope, checkBackupId(backupId));
  }

  async undecided(): Promise<UndecidedBackup[]> {
    const { undecidedBackups } = await import('./undecided.ts');
    return undecidedBackups(this.#parts.scope, await readLedger(this.#parts.scope, { tolerant: true }));
  }

  async newestWith(datasetId: string, options: NewestOptions = {}): Promise<Commit | undefined> {
    return newestWith(this.#parts.scope, await readLedger(this.#parts.scope, { tolerant: true }), datasetId, options);
  }

  async session(backupId: string, { type }: { type: BackupType }): Promise<BackupSession> {
    if (this.#parts.mode !== 'write') throw new OpenedForReading(`Making backup ${backupId}`);
    const { scope, limits, pool } = this.#parts;
    const [{ startSession }, { OpenedSession }] = await Promise.all([
      import('./session/open-session.ts'),
      import('./session/backup-session.ts'),
    ]);
    const start = await startSession(scope, backupId, type, async () => (await this.#read()).index);
    return new OpenedSession(scope, backupId, start, pool(), limits);
  }

  async abandon(backupId: string, reason: string): Promise<Decision> {
    if (this.#parts.mode !== 'write') throw new OpenedForReading(`Giving up backup ${backupId}`);
    const { decide } = await import('./session/decide.ts');
    return decide(this.#parts.scope, checkBackupId(backupId), encodeTombstone(this.#parts.scope, backupId, reason));
  }

  async *entries(root: PieceId, options: { under?: string; after?: string } = {}): AsyncGenerator<TreeEntry> {
    yield* walkEntries(await this.#read(), rootId(root), options);
  }

  async *differences(before: PieceId, after: PieceId): AsyncGenerator<TreeDifference[]> {
    const [{ diffTrees }, reader] = await Promise.all([import('./tree/diff-trees.ts'), this.#read()]);
    yield* diffTrees((id) => reader.read(id), rootId(before), rootId(after));
  }

  async readFile(root: PieceId, path: string, range?: { start: number; end: number }): Promise<Uint8Array> {
    const { readFile } = await import('./tree/repository-folder.ts');
    return readFile(await this.#read(), root, path, range);
  }

  async readEntry(entry: TreeEntry, range?: { start: number; end: number }): Promise<Uint8Array> {
    const { readEntry } = await import('./tree/repository-folder.ts');
    return readEntry(await this.#read(), entry, range);
  }

  async findPinned(
    root: PieceId,
    { wanted = () => true, ...holder }: Holder & { wanted?: (path: string) => boolean },
  ): Promise<PinnedFiles> {
    const [{ holdersAround }, { findPinned }] = await Promise.all([import('./pinned/holders.ts'), import('./pinned/find-pinned.ts')]);
    const holders = await holdersAround(this.#parts.scope, await readLedger(this.#parts.scope, { tolerant: true }), holder);
    return findPinned(await this.#read(), { root, holders, wanted });
  }

  openFiles(root: PieceId): RepositoryFolder {
    const folder = this.#folder(root);
    folder.catch(() => {});
    return {
      list: async function* (prefix) {
        yield* (await folder).list(prefix);
      },
      stat: async (path) => (await folder).stat(path),
      readdir: async (path) => (await folder).readdir(path),
      read: async (path, range) => (await folder).read(path, range),
    };
  }

  async #folder(root: PieceId): Promise<RepositoryFolder> {
    const { TreeFolder } = await import('./tree/repository-folder.ts');
    return new TreeFolder(await this.#read(), root);
  }

  async restore(root: PieceId, targetDir: string, options: RestoreOptions = {}): Promise<RestoreReport> {
    const [{ restoreTree }, { index }] = await Promise.all([import('./restore/restore-tree.ts'), this.#read()]);
    await index.load();
    return restoreTree({ scope: this.#parts.scope, index, pool: this.#parts.pool() }, root, targetDir, options);
  }

  async verify(backup: string | Commit, options: VerifyOptions): Promise<VerifyReport> {
    const backupId = typeof backup === 'string' ? backup : backup.backupId;
    const { verifyBackup } = await import('./verify/verify-backup.ts');
    return verifyBackup(this.#parts, checkBackupId(backupId), options);
  }

  async verifyTogether(backupIds: readonly string[], options: VerifyOptions): Promise<VerifyReport> {
    const { verifyBackups } = await import('./verify/verify-backup.ts');
    return verifyBackups(this.#parts, backupIds.map(checkBackupId), options);
  }

  /** The index is read once and kept; readers load what is new when a piece or pack is missing. */
  #read(): Promise<PieceReader> {
    this.#reader ??= this.#load().catch((error: unknown) => {
      this.#reader = undefined;
      throw error;
    });
    return this.#reader;
  }

  async #load(): Promise<PieceReader> {
    const index = this.#parts.index();
    if (index.segments.size === 0) await index.load();
    return new PieceReader(this.#parts.scope, index);
  }
}
