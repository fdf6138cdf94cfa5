/** Rows by what became of them between two moments. A row that came and went in between is in none of them. */
export interface RowChanges {
  readonly added: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Columns (v3: tensors) by name. */
export interface ColumnChanges {
  readonly added: readonly string[];
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
  readonly dropped: readonly string[];
}

export interface TensorChange {
  readonly name: string;
  readonly rowsBefore: number;
  readonly rowsAfter: number;
  /** As the diffs of the commits in between say: a row that was updated twice counts twice. */
  readonly added: number;
  readonly updated: number;
  readonly deleted: number;
  /** The diffs do not add up to the lengths, so additions were taken from these. */
  readonly derived?: true;
}

export interface BranchChange {
  readonly name: string;
  /** changed: its head is another version. 'same' does not occur. */
  readonly change: 'added' | 'removed' | 'changed' | 'renamed';
  readonly renamedFrom?: string;
  readonly headBefore?: string;
  readonly headAfter?: string;
  /** Commits of `headAfter` that `headBefore` does not have, merged ones too; of a new branch those since its birth. */
  readonly commits: number;
  /** Commits that `headBefore` had and `headAfter` has not: a revert or a reset. */
  readonly undone: number;
  readonly rows?: RowChanges;
  readonly columns?: ColumnChanges;
  /** v3 only. */
  readonly tensors?: readonly TensorChange[];
}

export interface TagChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'moved' | 'renamed';
  readonly renamedFrom?: string;
  readonly versionBefore?: string;
  readonly versionAfter?: string;
}

/** What became of a data set between two captures, as its own log or version tree tells. */
export interface DatasetDiff {
  /** Another data set stands under the name: nothing of the rest is filled. */
  readonly replaced: boolean;
  readonly branches: readonly BranchChange[];
  readonly tags: readonly TagChange[];
  /** Row counts are exact. Otherwise `notes` say why not. */
  readonly exact: boolean;
  readonly notes: readonly string[];
}

export const NO_CHANGE: DatasetDiff = { replaced: false, branches: [], tags: [], exact: true, notes: [] };
