import type { RestoreRepair } from '../restore/restore-repair.ts';

/** Which version a data set is cut to: one that a name says (a commit, tag or branch), or the newest by a moment. */
export type VersionWish =
  | { readonly version: string; readonly asOfMs?: undefined }
  | { readonly asOfMs: number; readonly version?: undefined };

/** The version that a cut data set ends in. */
export interface CutVersion {
  readonly branch: string;
  /** v3: commit id; v4: version name. */
  readonly version: string;
  /** What a reader counts there. */
  readonly rows: number;
  readonly message?: string;
  /** Absent for uncommitted work of v3, and for a branch without any commit. */
  readonly committedAtMs?: number;
}

/** What a cut takes away, for plans and messages. */
export interface CutOff {
  /** Commits of all branches. */
  readonly versions: number;
  readonly branches: readonly string[];
  readonly tags: readonly string[];
  readonly files: number;
  readonly bytes: number;
}

/**
 * How a captured data set is restored as of a version: as a repair, by files that are left out and files that are written anew. What only later
 * versions need is left out. `notes` are of severity info, since nothing that was asked for is missing.
 */
export interface VersionCut extends RestoreRepair {
  readonly version: CutVersion;
  readonly cutOff: CutOff;
  /** Of what is restored then. */
  readonly size: { readonly objects: number; readonly bytes: number };
}
