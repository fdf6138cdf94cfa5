import type { KdfParameters, Unlock } from '@dr/keys';
import type { ByteRange, SourceFile } from '@dr/storage';
import type { LogArchive } from './log/log-archive.ts';
import type {
  BackupType,
  CapturedTree,
  CaptureRequest,
  Commit,
  CommitManifest,
  Decision,
  PieceId,
  PinnedFiles,
  PromoteRequest,
  RestoreOptions,
  RestoreReport,
  Tombstone,
  TreeDifference,
  TreeEntry,
  UndecidedBackup,
  VerifyOptions,
  VerifyReport,
} from './types.ts';
import type { WordsArchive } from './words/words.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

export interface EngineOptions {
  /** Worker threads; default: cores. Fewer are started when `memoryBytesMax` is small. */
  readonly workers?: number;
  /** Budget for pack buffers and pieces in flight, in bytes; default 160 MiB. */
  readonly memoryBytesMax?: number;
  /** zstd level of new pieces, 0 = no compression; default 1. */
  readonly compressionLevel?: number;
  readonly now: Clock;
  /** Source of salts and ids; only golden tests give one. */
  readonly random?: (bytes: number) => Uint8Array;
}

export interface InitOptions extends EngineOptions {
  readonly unlock: Unlock;
  /** false: same format, but the master key is stored unprotected. Default true. */
  readonly encryption?: boolean;
  /** Cost of the passphrase wrap; only tests choose a cheap one. */
  readonly kdf?: KdfParameters;
}

export interface OpenOptions extends EngineOptions {
  readonly unlock: Unlock;
  /** 'read' never writes anything to the store. */
  readonly mode: 'read' | 'write';
  /**
   * Called once the derivation of the keys has begun, with a function that may be told of bytes that will surely be read: threads for them start beside it, not
   * only with the first job. Infinity: as many as there may be.
   */
  readonly ahead?: (expect: (bytes: number) => void) => void;
}

/** Objects under one prefix of a store, opened with a key. Does not own the store: whoever opened the store closes it after the repository. */
export interface Repository {
  readonly id: string;
  /** false: the master key lies unprotected in the store. */
  readonly encryption: boolean;
  /** Names of tenants that have keys here. One whose keys are damaged in both copies is left out, and goes to `onDamaged`. */
  tenants(options?: { onDamaged?: (error: unknown) => void }): Promise<string[]>;
  /** @throws TenantUnknown unless `create`. */
  tenant(name: string, options?: { create?: boolean }): Promise<TenantRepository>;
  /** Number of the newest ledger plan of each tenant, by tag; those without a plan are left out. */
  ledgers(): Promise<Record<string, number>>;
  /** Words of users of one tenant, or of those that belong to none. */
  words(tenant: string | undefined): Promise<WordsArchive>;
  /** The event log's copy here. */
  log(): Promise<LogArchive>;
  /** Stops the worker threads. Sessions should be closed before. May be called twice. */
  close(): Promise<void>;
}

export interface TenantRepository {
  readonly tenant: string;
  /**
   * Commits and tombstones by key (backup ids start with their time), in pages. Purged backups are left out. A damaged decision object hides no other
   * backup: it goes to `onDamaged`, or is thrown after everything else was given. `newestFirst`: by key backwards; pages are read as they are asked for.
   */
  backups(options?: { newestFirst?: boolean; onDamaged?: (error: unknown) => void }): AsyncIterable<Decision[]>;
  /** What was decided about a backup; undefined while nothing is. */
  decision(backupId: string): Promise<Decision | undefined>;
  /** @throws BackupUnknown, BackupNotCommitted (a tombstone), BackupPurged. */
  commit(backupId: string): Promise<Commit>;
  /** What the session object of a backup says, decided or not; nothing of it when that is gone or damaged. */
  begun(backupId: string): Promise<Pick<UndecidedBackup, 'type' | 'startedAtMs'>>;
  /** Backups that were begun and have no decision, purged ones left out: what a list of decisions cannot show. */
  undecided(): Promise<UndecidedBackup[]>;
  /**
   * The newest commit that has a tree of a data set: what an incremental (or, with `type: 'full'`, a differential) takes as its parent. By backup ids, which
   * start with their time. Purged backups, tombstones and damaged decisions are passed over; `before` and younger ids too, and what `suits` refuses.
   */
  newestWith(
    datasetId: string,
    options?: { type?: BackupType; before?: string; suits?: (commit: Commit) => boolean },
  ): Promise<Commit | undefined>;
  /** Creates the session object of a backup, or joins it (take-over). @throws NoCreateIfAbsent, BackupDecided when a decision exists. */
  session(backupId: string, options: { type: BackupType }): Promise<BackupSession>;
  /** Decides, without a session, that a backup will never be, unless a commit was first: for who gives up on a worker that is gone. */
  abandon(backupId: string, reason: string): Promise<Decision>;
  /** Entries of a tree in byte order of their paths. `under`: one path and everything below it; `after`: only what is behind a path. */
  entries(root: PieceId, options?: { under?: string; after?: string }): AsyncIterable<TreeEntry>;
  /**
   * What two trees do not have in common, in byte order of paths, in pages. What stands in both is not read, so it costs as much as they differ. Entries
   * that differ only in times, mode or owner are not told. @throws Damaged.
   */
  differences(before: PieceId, after: PieceId): AsyncIterable<TreeDifference[]>;
  /** @throws PathUnknown, PinnedOnly, RangeOutside, Damaged. */
  readFile(root: PieceId, path: string, range?: ByteRange): Promise<Uint8Array>;
  /** Bytes of a file by its entry, whichever tree that is of. @throws PinnedOnly, RangeOutside, Damaged. */
  readEntry(entry: TreeEntry, range?: ByteRange): Promise<Uint8Array>;
  /** Where else the repository has the bytes of what a tree of `backupId` only pins: in trees of the data set in the backups around it. */
  findPinned(root: PieceId, where: { datasetId: string; backupId: string; wanted?: (path: string) => boolean }): Promise<PinnedFiles>;
  openFiles(root: PieceId): RepositoryFolder;
  /**
   * Writes a tree into `targetDir`, which must be empty or absent (its parent must exist). Every piece is checked against its id before it is written.
   * @throws TargetNotEmpty, PinnedOnly (for a tree that pins, without `options.pinned`), Damaged (names the object and the paths; whatever is in the target then is not complete).
   */
  restore(root: PieceId, targetDir: string, options?: RestoreOptions): Promise<RestoreReport>;
  /** Never throws on damage: damage is findings. Aborting throws the signal's reason. */
  verify(backup: string | Commit, options: VerifyOptions): Promise<VerifyReport>;
  /**
   * As `verify`, of several backups at once: each pack is read once, however many need it. One report without a backup id; paths in findings begin with
   * the id of the backup that needs them. Holds a few hundred bytes a file of each backup in memory.
   */
  verifyTogether(backupIds: readonly string[], options: VerifyOptions): Promise<VerifyReport>;
}

/** An entry of a tree as a source folder lists it. `pinned`: its bytes are not in the repository, and cannot be read. */
export type RepositoryFile = SourceFile & { readonly mtimeMs: number; readonly pinned?: true };

/** The read shape of a SourceFolder over a tree, so that structure checks run on a backup as they do on a source. */
export interface RepositoryFolder {
  list(prefix?: string): AsyncIterable<RepositoryFile[]>;
  stat(path: string): Promise<RepositoryFile | undefined>;
  readdir(path?: string): Promise<RepositoryFile[]>;
  /** @throws PathUnknown, PinnedOnly, RangeOutside, Damaged. */
  read(path: string, range?: ByteRange): Promise<Uint8Array>;
}

/**
 * A backup being made. Several processes may work in the same session at once, on different data sets. After a failed put the session is broken: every
 * later call fails with the same error, and the way on is to join it again (what was stored is not stored again).
 */
export interface BackupSession {
  readonly backupId: string;
  /** Joined: the session object was there already. */
  readonly joined: boolean;
  /** May run several at once; they share the workers. @throws what the store throws; the signal's reason. */
  capture(request: CaptureRequest): Promise<CapturedTree>;
  /**
   * As `capture`, of what a snapshot's tree lists: held pieces are taken over (by a full after their packs were read), what is only pinned comes from other
   * backups or from the source. `findings` name each file that is nowhere any more; the tree is without it.
   */
  promote(request: PromoteRequest): Promise<CapturedTree>;
  /** Everything captured so far is durable and indexed: a later session object of the same backup will not store it again. */
  flush(): Promise<void>;
  /**
   * Checks that everything the manifest's roots need is listed and can be read, and decides the backup. Idempotent.
   * @returns what is decided: the commit, or the tombstone that was there first. @throws CommitIncomplete, Damaged; nothing is decided then.
   */
  commit(manifest: CommitManifest): Promise<Commit | Tombstone>;
  /** Decides that the backup will never be, unless a commit was first. */
  abandon(reason: string): Promise<Tombstone | Commit>;
  /** Lets go of buffers and timers; decides nothing. May be called twice. */
  close(): Promise<void>;
}
