import type { ObjectKey } from '@dr/storage';

/** 32 lower-case hex digit pairs: HMAC-SHA-256(tenant id key, SHA-256(bytes)). Names a piece or a tree page inside one tenant. */
export type PieceId = string;

export type BackupType = 'full' | 'incremental' | 'differential' | 'snapshot';
export type DatasetFormat = 'v3' | 'v4' | 'opaque';

/** How a file is cut into pieces. Named and versioned, recorded per file. Sizes and offsets in bytes. */
export type Chunker =
  /** One piece [0, from) where from > 0, then pieces of `size`. */
  | { readonly name: 'fixed'; readonly version: 1; readonly size: number; readonly from: number }
  /** Pieces end at these offsets (ascending) and at the end of the file. */
  | { readonly name: 'cuts'; readonly version: 1; readonly cuts: readonly number[] }
  /** As 'fixed', with `from` = where the header of a Deep Lake v3 chunk ends (DEEPLAKE.md 1.4), or 0 when the file is none. */
  | { readonly name: 'v3-chunk'; readonly version: 1; readonly size: number };

/** One path to capture. Identity fields (mtime, ctime, inode) are those of the caller's listing; a file that has others when it is read is reported as changed. */
export interface CaptureFile {
  /** Below the data set, '/'-separated, NFC or not, never absolute, no '.', '..' or empty parts. */
  readonly path: string;
  /** 'gone' takes back an earlier entry for the same path. */
  readonly kind: 'file' | 'dir' | 'symlink' | 'gone';
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** Of a source in an object store. */
  readonly etag?: string;
  /** Default: fixed, 1 MiB. */
  readonly chunker?: Chunker;
  /** The file's bytes when they do not come from the source folder (already read, or made up); identity is not checked then. */
  readonly content?: Uint8Array;
  /** The file's bytes as they come, of any length: `size` does not matter then, and what it throws is thrown. Memory stays bounded, whatever the length. */
  readonly stream?: AsyncIterable<Uint8Array>;
  /**
   * Paths in the same data set of files that this one probably repeats with a part replaced in place, the likeliest first: for a chunk that a commit of Deep
   * Lake v3 updates, the chunk of that name in the commits before. They are read from the source if they are still there, else what a base has under
   * the path; the file's own path means what a base has under it. Pieces may then be stored as deltas. Asked for only when the file is read.
   */
  readonly earlierForms?: () => readonly string[] | Promise<readonly string[]>;
  /** What a symlink says. */
  readonly linkTarget?: string;
  /**
   * Only in a `snapshot`: a file that no base holds is not opened, its entry pins its identity. One so young that its identity would prove nothing is read
   * all the same.
   */
  readonly pin?: boolean;
  /** Counts only as the file that was listed: one that is another, before or after it is read, is missing. */
  readonly exact?: boolean;
}

export interface Progress {
  /** Files whose bytes are done, and all that are known so far (grows while a listing goes on). */
  files: number;
  filesTotal: number;
  bytes: number;
  bytesTotal: number;
}

export interface CaptureRequest {
  readonly datasetId: string;
  /**
   * Groups of files in the order in which they must be READ. A group is read after the group before it was handed to the workers, not after it was
   * finished; an EMPTY group is a barrier: the next group is asked for only when everything before it was read. A path may come again (read again
   * because it changed): the last entry counts.
   */
  readonly files: AsyncIterable<readonly CaptureFile[]> | Iterable<readonly CaptureFile[]>;
  /** Absolute folder of the data set. */
  readonly root: string;
  /**
   * Roots of earlier trees of the same data set, the likeliest first. A listed file whose identity (size, mode, owner, mtime, and ctime and inode, or etag)
   * is that of a base's entry, which is not racy, is taken over with its pieces and not opened: it counts as read when it was listed. Every piece must have
   * a copy that counts for this session (no plan names its pack); else, and for a base that cannot be read, the file is read. Files with `content` are
   * never taken over.
   *
   * A `full` trusts no identity of an earlier backup. It uses only bases that were captured in the same session: by this BackupSession, or by another one
   * of the same backup, in whatever process, with `slice` and a `flush()` after it. The others are left out without a word.
   */
  readonly bases?: readonly PieceId[];
  /**
   * The tree is a part of a data set, or a step on the way to it, and becomes a base in this session: a job captures some of the files, or a worker that may
   * be killed captures all of them bit by bit, and the capture that brings them together names the trees as bases. Stores a receipt of some 130 bytes.
   */
  readonly slice?: boolean;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** Told before bytes of any file are read: files that are taken over are not. */
  readonly onRead?: () => void;
}

/** Files and their bytes. */
export interface Amount {
  readonly objects: number;
  readonly bytes: number;
}

/** A data set of a snapshot to be made whole in another backup: the state is that of the snapshot. */
export interface PromoteRequest {
  readonly datasetId: string;
  readonly snapshotId: string;
  /** Its tree in the snapshot. */
  readonly from: PieceId;
  /** Absolute folder of the data set, where the storage that was captured is at hand: a file that the repository does not hold is read there, if it is the very one. */
  readonly root?: string;
  /** Without `root`: why, in words. */
  readonly why?: string;
  /** How a file that is read is cut. Default: fixed, 1 MiB. */
  readonly chunkerOf?: (path: string, size: number) => Chunker | undefined;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

/** What was found while reading a file. 'missing': it vanished, no entry is stored. 'changed': other identity or size than listed; what was read is stored. 'unreadable': no entry is stored. */
export interface CaptureFinding {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'unreadable';
  readonly message: string;
}

export interface CapturedTree {
  readonly datasetId: string;
  /** Id of the tree's root page. Not durable before `flush()` or `commit()`. */
  readonly root: PieceId;
  /** Entries in the tree that are files, and the sum of their sizes. */
  readonly objects: number;
  readonly bytes: number;
  /** Bytes of pieces that were not in the repository, before and after compression (pages included). */
  readonly newBytes: number;
  readonly storedBytes: number;
  /** Files that were taken over from a base. */
  readonly takenOver: number;
  /** Of `objects` and `bytes`, what is only pinned by identity: the repository does not hold it. */
  readonly pinned: Amount;
  /** Per path, of its last reading. Empty = every path that was handed in is stored as listed. */
  readonly findings: readonly CaptureFinding[];
}

/** One data set in a commit. What the engine does not need (rows, findings, …) is kept verbatim. */
export interface CommitDataset {
  readonly datasetId: string;
  readonly format: DatasetFormat;
  /** Missing when nothing of the data set could be captured. */
  readonly root?: PieceId;
  readonly status: string;
  /** Where it lay when it was captured, below the folder that holds all tenants. */
  readonly path?: string;
  readonly objects: number;
  readonly bytes: number;
  readonly newBytes: number;
  /** Of `objects` and `bytes`, what is only pinned by identity; set in a `snapshot`. Where it lay is the caller's to say. */
  readonly pinned?: Amount & { readonly storage?: string; readonly path?: string };
  readonly headVersion?: string;
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  /** A JSON number or decimal string, as the caller has it. */
  readonly rows?: number | string;
  readonly findings?: readonly unknown[];
}

/** JSON values only. */
export interface CommitManifest {
  readonly backupId: string;
  readonly tenant: string;
  readonly type: BackupType;
  readonly datasets: readonly CommitDataset[];
  readonly createdAtMs: number;
  readonly parentId?: string;
  /** Data sets selected at the start. */
  readonly expected: number;
  /** Anything else the caller wants to find again. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** A backup that was decided: sealed for ever. */
export interface Commit extends CommitManifest {
  readonly kind: 'commit';
  /** SHA-256 of the commit object, hex. */
  readonly checksum: string;
  /** Its key below the repository's prefix. */
  readonly storagePath: ObjectKey;
  /** Index segments of its session. */
  readonly segments: readonly ObjectKey[];
  /** Bytes of the packs this session wrote (what this backup added to the store, index apart). */
  readonly storedBytes: number;
  /** A ledger plan names it: it is gone and may not be used, except that its bytes may still be there. */
  readonly purged?: boolean;
}

/** A backup that was decided never to be. */
export interface Tombstone {
  readonly kind: 'tombstone';
  readonly backupId: string;
  readonly tenant: string;
  readonly reason: string;
  readonly decidedAtMs: number;
  readonly storagePath: ObjectKey;
}

export type Decision = Commit | Tombstone;

/** A backup that was begun and has no decision: it runs, or its writer died, or its commit was removed from the store. */
export interface UndecidedBackup {
  readonly backupId: string;
  /** From its session object; missing when that is gone or damaged. */
  readonly type?: BackupType;
  readonly startedAtMs?: number;
  /** Index segments it stored: how much of it is there. */
  readonly segments: number;
  /** The store's time of its newest session object or index segment. A writer that lives puts one at least every minute while it stores anything. */
  readonly lastSeenMs: number;
  /** A sentence for people, when it stored something and was silent for a day: its commit may have been removed. */
  readonly warning?: string;
}

export type EntryKind = 'file' | 'dir' | 'symlink';

export interface TreePiece {
  readonly id: PieceId;
  /** Bytes before compression. */
  readonly length: number;
}

/** One path of a data set as it was captured. */
export interface TreeEntry {
  readonly path: string;
  readonly kind: EntryKind;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  /** What an object store says of the content's version. */
  readonly etag?: string;
  /** mtime or ctime too close to the time of reading to prove that nothing changed after. */
  readonly racy: boolean;
  /** A file whose bytes are not in the repository: the entry says which file it was (size, times, inode or etag), and has no digest and no pieces. */
  readonly pinned?: true;
  /** Files: SHA-256 of the content when it is one piece (or inline, or empty), else SHA-256 over the pieces' SHA-256s. Hex. */
  readonly digest?: string;
  readonly pieces: readonly TreePiece[];
  /** Content of files up to 512 bytes. */
  readonly inline?: Uint8Array;
  readonly linkTarget?: string;
  readonly chunker?: Chunker;
}

/** Where the bytes are of what a tree only pins. */
export interface PinnedFiles {
  /** By path: an entry of the same file, by its identity, in another backup that holds its bytes. */
  readonly held: ReadonlyMap<string, TreeEntry>;
  /** The repository does not hold these. */
  readonly missing: readonly TreeEntry[];
}

/** An entry that only one of two trees has, or that is not the same in both. */
export interface TreeDifference {
  readonly path: string;
  readonly before?: TreeEntry | undefined;
  readonly after?: TreeEntry | undefined;
}

export interface RestoreOptions {
  /** Paths to bring back; default all. Folders above a chosen path are made anyway. */
  readonly filter?: (entry: { readonly path: string; readonly kind: EntryKind; readonly size: number }) => boolean;
  /**
   * What to do with a file that the tree only pins: write the bytes of another entry of the same file, which has pieces, or leave it to the caller, who has
   * them from elsewhere. Without it a tree that pins is refused.
   */
  readonly pinned?: (entry: TreeEntry) => TreeEntry | 'left-to-caller';
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

export interface RestoreReport {
  readonly objects: number;
  readonly bytes: number;
  readonly packsRead: number;
  readonly bytesRead: number;
}

export type VerifyLevel = 'quick' | 'full';

export interface VerifyOptions {
  readonly level: VerifyLevel;
  readonly progress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/**
 * missing: the object is not there · damaged: its bytes are not what was written · size: another size than recorded · unresolved: a piece or page that no
 * index segment has · unreadable: the store did not give it · misplaced: an object nobody wrote there.
 */
export type VerifyFindingKind = 'missing' | 'damaged' | 'size' | 'unresolved' | 'unreadable' | 'misplaced';

export interface VerifyFinding {
  readonly object: ObjectKey;
  readonly kind: VerifyFindingKind;
  readonly message: string;
  /** Paths of the backup that cannot be restored because of it, as 'datasetId/path'; at most 100 of `pathsTotal`. */
  readonly paths: readonly string[];
  readonly pathsTotal: number;
}

export interface VerifyReport {
  readonly backupId: string;
  readonly level: VerifyLevel;
  readonly ok: boolean;
  /** Files whose every byte was checked (full) or whose every piece was found (quick). */
  readonly objects: number;
  readonly bytes: number;
  readonly packs: number;
  readonly findings: readonly VerifyFinding[];
  /** Files of the backup that were not checked, because it only pins them: the repository does not hold their bytes. */
  readonly pinned?: Amount;
  /** What is no damage of this backup and should be looked at: other backups that may have lost their commit. Sentences for people. */
  readonly warnings?: readonly string[];
}
