/** Where a file is cut into pieces: at multiples of `size` counted from byte `from`, or at the listed offsets. Source: REPOSITORY.md section 2. */
export type Chunker =
  | { readonly name: 'fixed'; readonly version: 1; readonly size: number; readonly from: number }
  /** As 'fixed', from where the header of a v3 chunk ends: the engine finds it while it reads the file. */
  | { readonly name: 'v3-chunk'; readonly version: 1; readonly size: number }
  | { readonly name: 'cuts'; readonly version: 1; readonly cuts: readonly number[] };

/** A file to be captured; fits `CaptureFile` of the repository engine. Identity fields are those of the listing. */
export interface PlannedFile {
  readonly path: string;
  /** 'gone' takes back what was planned under this path before. */
  readonly kind: 'file' | 'dir' | 'symlink' | 'gone';
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly chunker: Chunker;
  /** Paths of files whose bytes this one probably repeats with a part replaced; see `CaptureFile` of the repository engine. */
  readonly earlierForms?: () => Promise<readonly string[]>;
  readonly linkTarget?: string;
  /** Bytes of rows or of an index, which say nothing of versions and structure: a snapshot need not read them. Only with `PlanOptions.pins`. */
  readonly pin?: true;
}

/** See `CapturePlan.files`. */
export const BARRIER: PlannedFile[] = [];

/** A barrier for the reader alone: what follows was listed before. */
export const READ_BARRIER: PlannedFile[] = [];

/**
 * Why a file of the source is not captured. 'special': pipe, socket, device; 'bad-name': bytes that are not UTF-8, so it cannot be opened;
 * 'bad-target': a link that leads to such a name; 'young-orphan': of a transaction that no captured log knows yet.
 */
export type SkipReason = 'lock' | 'temporary' | 'counter' | 'claim' | 'gc-trash' | 'young-orphan' | 'special' | 'bad-name' | 'bad-target';

/** A v4 commit number that the source lacks below a higher one: a writer died before it wrote it, or the file was lost. */
export interface LogGap {
  readonly folder: string;
  readonly number: number;
}

export interface Unsettled {
  readonly rounds: number;
  /** Entries that the last listing found changed, and some of their paths. */
  readonly entries: number;
  readonly paths: readonly string[];
}

/** What a capture learned of the source itself, beside the files. Complete once `files` has ended. */
export interface SourceNotes {
  /** Paths that are not captured, and why. */
  readonly skipped: Map<string, SkipReason>;
  /** Folders and entries that the system refused to show; files that it refuses to open are found when they are read. */
  readonly unreadable: Map<string, string>;
  readonly gaps: LogGap[];
  /** Digest of the last listing: where two captures have the same, nothing was written in between. */
  listing: string;
  /** What was still changing when rounds or time ran out; absent when two listings were equal. */
  unsettled: Unsettled | undefined;
  /** The data set was removed or replaced while it was read, so parts of two may have been taken. */
  replaced: boolean;
  /** Files that appeared while an unknown layout never came to rest, and were left out. */
  cut: number;
  /** Newest time of change of any file, in nanoseconds since 1970. */
  changedAtNs: bigint;
}

export function newNotes(): SourceNotes {
  return {
    skipped: new Map(),
    unreadable: new Map(),
    gaps: [],
    listing: '',
    unsettled: undefined,
    replaced: false,
    cut: 0,
    changedAtNs: 0n,
  };
}

/**
 * `files` may be read once; the order is the safe one for a source that is being written (DEEPLAKE_V4.md 7.1, DEEPLAKE.md 3.1).
 * An EMPTY page is a barrier: what follows may be listed and read only when everything before it was read. No other page is empty.
 * A path may come again, because it changed or vanished since: the last one counts.
 */
export interface CapturePlan {
  readonly format: 'v3' | 'v4' | 'opaque';
  readonly files: AsyncIterable<PlannedFile[]>;
  readonly notes: Readonly<SourceNotes>;
  /**
   * Begins to list now, for a capture that cannot read yet: it waits for its keys, say. What two listings one after the other show alike needs no third one
   * when nothing was read. @param untouched whether the capture has read no byte of any file so far; asked when it has passed all pages before a barrier.
   * @param listed told of each page as soon as it is there.
   */
  listAhead(untouched: () => boolean, listed?: (page: readonly PlannedFile[]) => void): void;
  /** Lets go of what was listed ahead, when nobody reads `files`. */
  close(): Promise<void>;
}
