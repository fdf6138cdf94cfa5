import type { DatasetFormat, Finding } from './finding.ts';

/** A branch as readers see it. `rows` counts its head; versions are v4 version names or v3 commit ids. */
export interface BranchReport {
  readonly name: string;
  readonly id: string;
  readonly headVersion: string;
  readonly rows: number;
}

export interface TagReport {
  readonly name: string;
  readonly branch: string;
  readonly version: string;
  readonly rows: number;
}

/** A point a reader can go back to. v3: one per node of the commit tree; v4: one per log file of a live branch. */
export interface VersionReport {
  readonly branch: string;
  readonly version: string;
  readonly rows: number;
  /** v4: column names in order of creation. v3: visible tensor names. */
  readonly columns: readonly string[];
  /** v3 only: rows (sequences for sequence tensors) per tensor, hidden ones included. */
  readonly tensorRows?: Readonly<Record<string, number>>;
  readonly message?: string;
  /** Absent for uncommitted work (v3 heads). v4: the writer's clock in whole seconds. */
  readonly committedAtMs?: number;
}

export interface ColumnReport {
  readonly name: string;
  /** v4: kind or dtype of the column, as in the log. v3: htype. */
  readonly type: string;
  readonly dtype?: string;
}

export interface FileCounts {
  readonly count: number;
  readonly bytes: number;
  /** Files that no version names (v4 D9, v3 W3). */
  readonly orphans: number;
  readonly orphanBytes: number;
}

/** What a data set is and whether its structure holds. `rows`, `headVersion` and `schema` are those of the main branch's head. */
export interface DatasetReport {
  readonly format: DatasetFormat;
  /** No finding of severity error. */
  readonly intact: boolean;
  /** At most `FINDINGS_MAX`; the counts by severity are complete. */
  readonly findings: readonly Finding[];
  readonly findingCounts: { readonly error: number; readonly warning: number; readonly info: number };
  readonly headVersion: string | undefined;
  readonly branches: readonly BranchReport[];
  readonly tags: readonly TagReport[];
  readonly rows: number;
  readonly versions: readonly VersionReport[];
  readonly schema: readonly ColumnReport[];
  readonly files: FileCounts;
}
