import type { LogForked, LogImported, RollbackAdopted } from './events.ts';

export type RepositoryCommand = RecordImport | RecordFork | AdoptRollback;

/** Events that the database lacked were taken from the repository. */
export interface RecordImport extends LogImported {
  readonly kind: 'recordImport';
}

export interface RecordFork extends LogForked {
  readonly kind: 'recordFork';
}

/** `by` is a key id. */
export interface AdoptRollback extends RollbackAdopted {
  readonly kind: 'adoptRollback';
}
