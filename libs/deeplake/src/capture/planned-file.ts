/** Where a file is cut into pieces: at multiples of `size` counted from byte `from`, or at the listed offsets. Source: REPOSITORY.md section 2. */
export type Chunker =
  | { readonly name: 'fixed'; readonly version: 1; readonly size: number; readonly from: number }
  | { readonly name: 'cuts'; readonly version: 1; readonly cuts: readonly number[] };

/** A file to be captured; fits `CaptureFile` of the repository engine. Identity fields are those of the listing. */
export interface PlannedFile {
  readonly path: string;
  readonly kind: 'file' | 'dir' | 'symlink';
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
  readonly chunker: Chunker;
  readonly linkTarget?: string;
}

/** See `CapturePlan.files`. */
export const BARRIER: PlannedFile[] = [];

/** Why a file of the source is not captured. 'special': pipe, socket, device; 'bad-name': bytes that are not UTF-8, so it cannot be opened. */
export type SkipReason = 'lock' | 'temporary' | 'counter' | 'claim' | 'gc-trash' | 'young-orphan' | 'special' | 'bad-name';

export interface SkippedFile {
  readonly path: string;
  readonly reason: SkipReason;
}

/**
 * `files` may be read once; the order is the safe one for a source that is being written (DEEPLAKE_V4.md 7.1, DEEPLAKE.md 3.1).
 * An EMPTY page is a barrier: what follows may be listed and read only when everything before it was read. No other page is empty.
 */
export interface CapturePlan {
  readonly format: 'v3' | 'v4' | 'opaque';
  readonly files: AsyncIterable<PlannedFile[]>;
  /** Complete once `files` has ended. */
  readonly skipped: readonly SkippedFile[];
}
