import type { CutOff, CutVersion, DatasetFormat } from '@dr/deeplake';
import type { Amount } from '@dr/repository';
import type { Lock } from '../target/survey.ts';
import type { Changes } from './compare.ts';

/** Why a restore would be refused. `code` is that of the error. */
export interface Conflict {
  code: string;
  message: string;
  /** The data set's id below the target tenant; absent: of the restore as a whole. */
  dataset?: string;
  /** Of a version that is not there: names of those that are, the nearest first. */
  versions?: readonly string[];
}

export interface PlannedPins {
  /** In other backups of the repository. */
  held: Amount;
  /** At the source, as they were. */
  live: Amount;
  /** Nowhere any more. */
  missing: Amount;
  missingPaths: string[];
}

export const MISSING_NAMED_MAX = 100;

/** What a restore would do with one data set. */
export interface DatasetPlan {
  from: string;
  to: string;
  format: DatasetFormat;
  /** partial: the backup holds it with loss. */
  status: 'completed' | 'partial';
  objects: number;
  bytes: number;
  /** What lies in the target now. */
  target: { exists: boolean; objects: number; bytes: number; locks: Lock[] };
  /** What it is cut to, and what that leaves out. Only when a version or a moment was asked for. */
  version?: CutVersion & { cutOff: CutOff };
  /** Only in a plan in detail. */
  changes?: Changes;
  /** Of a snapshot: where the files are that it only pins. `missing_paths`: at most MISSING_NAMED_MAX. */
  pinned?: PlannedPins;
  /** Of what lies in the target: given back with the restore's request, so that it is refused when something else lies there then. */
  fingerprint?: string;
}

/** What a restore would do. Making it writes nothing. */
export interface RestorePlan {
  datasets: DatasetPlan[];
  objects: number;
  bytes: number;
  /** On the fullest of the file systems that it goes to: what is staged there at the worst moment, and what is free. */
  bytesNeeded: number;
  bytesFree: number | undefined;
  /** At the rate of earlier restores; undefined before the first. */
  seconds: number | undefined;
  conflicts: Conflict[];
  warnings: string[];
}
