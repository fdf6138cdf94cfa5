import type { BranchChange, RowChanges, TagChange } from '@dr/deeplake';
import type { CommitDataset } from '@dr/repository';

export interface FileAmount {
  readonly files: number;
  readonly bytes: number;
}

/** Files by name. `changed`: other bytes under the same name; its bytes are the new ones. */
export interface FileChanges {
  readonly added: FileAmount;
  readonly changed: FileAmount;
  readonly removed: FileAmount;
}

/** What the diff needs of a data set in a backup. */
export type Captured = Pick<CommitDataset, 'format' | 'root' | 'objects' | 'bytes' | 'rows'>;

/** One data set between two backups. */
export interface DatasetChange {
  readonly datasetId: string;
  /** replaced: another data set stands under the name, or another format. */
  readonly change: 'unchanged' | 'changed' | 'added' | 'removed' | 'replaced';
  readonly format: CommitDataset['format'];
  readonly rowsBefore?: number;
  readonly rowsAfter?: number;
  /** Of the main branch, where the format tells. */
  readonly rows?: RowChanges;
  readonly files: FileChanges;
  readonly branches: readonly BranchChange[];
  readonly tags: readonly TagChange[];
  /** Rows are exact. Otherwise `notes` say why not. */
  readonly exact: boolean;
  readonly notes: readonly string[];
}

export interface FileChange {
  readonly path: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly bytesBefore?: number;
  readonly bytesAfter?: number;
}
