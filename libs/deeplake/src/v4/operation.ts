/** Rows [offset, offset + count) of one block. Row id = block * 2^32 + offset, so both halves are exact numbers (ids themselves exceed 2^53). */
export interface RowRange {
  readonly block: number;
  readonly offset: number;
  readonly count: number;
}

/** Rows that a heavy compaction gave other ids, in their order. */
export interface RowMove {
  readonly from: RowRange;
  readonly to: { readonly block: number; readonly offset: number };
}

/** How the bytes of a data file are laid out, as the log says it. */
export interface DataFormat {
  /** '1' = v3 chunk, '2' = plain array, '3' = sequence; others are not known. */
  readonly type: string;
  readonly compression: string | undefined;
  readonly dtype: string | undefined;
}

export interface BlockStatistics {
  readonly rows: number | undefined;
  readonly nulls: number;
  readonly dataBytes: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly sum: number | undefined;
}

/** Where in a packed file a block lies. */
export interface PackedRange {
  readonly offset: number;
  readonly length: number;
}

/** A file that an operation names. `rows`, `format` and `statistics` are there for row data, not for index files. */
export interface FileReference {
  readonly path: string;
  readonly size: number;
  readonly headerBytes: number | undefined;
  readonly rows?: number;
  readonly format?: DataFormat;
  readonly statistics?: BlockStatistics;
  readonly packed?: PackedRange;
}

/** One line of a branch log or of the meta log, reduced to what checks and counts need. Source: DEEPLAKE_V4.md section 2.2. */
export type Operation =
  | {
      readonly kind: 'createColumn';
      readonly column: number;
      readonly name: string;
      readonly type: string;
      readonly dtype: string | undefined;
    }
  | { readonly kind: 'renameColumn'; readonly column: number; readonly name: string }
  | { readonly kind: 'dropColumn'; readonly column: number }
  | {
      readonly kind: 'addBlock';
      readonly column: number;
      readonly block: number;
      readonly rows: number;
      readonly files: readonly FileReference[];
      /** What B2 found wrong with the arrays of this operation. */
      readonly problem: string | undefined;
    }
  | { readonly kind: 'updateData'; readonly column: number; readonly rows: readonly RowRange[]; readonly files: readonly FileReference[] }
  | { readonly kind: 'deleteRows'; readonly rows: readonly RowRange[] }
  | { readonly kind: 'heavyRemap'; readonly superseded: readonly number[]; readonly moves: readonly RowMove[] }
  | { readonly kind: 'foldWal'; readonly entries: readonly WalPosition[] }
  | { readonly kind: 'index'; readonly operation: string; readonly files: readonly FileReference[] }
  | {
      readonly kind: 'createBranch';
      readonly id: string;
      readonly name: string;
      readonly parent: string | undefined;
      readonly version: string | undefined;
    }
  | { readonly kind: 'renameBranch'; readonly id: string; readonly name: string }
  | { readonly kind: 'deleteBranch'; readonly id: string }
  | { readonly kind: 'createTag'; readonly id: string; readonly name: string; readonly branch: string; readonly version: string }
  | { readonly kind: 'renameTag'; readonly id: string; readonly name: string }
  | { readonly kind: 'deleteTag'; readonly id: string }
  | { readonly kind: 'mergeBranch'; readonly source: VersionPoint; readonly destination: VersionPoint }
  | { readonly kind: 'setId'; readonly id: string }
  | { readonly kind: 'setMinReader'; readonly minReader: number }
  /** Known, and of no weight for structure: metadata, descriptions, index declarations. */
  | { readonly kind: 'other'; readonly operation: string }
  | { readonly kind: 'unknown'; readonly operation: string; readonly files: readonly FileReference[] };

export interface VersionPoint {
  readonly branch: string;
  readonly version: string;
}

/** A WAL entry that a commit contains: writer id and its running number. */
export interface WalPosition {
  readonly writer: number;
  readonly entry: number;
}

/** The files an operation names; none for most. */
export function filesOf(operation: Operation): readonly FileReference[] {
  return 'files' in operation ? operation.files : [];
}
