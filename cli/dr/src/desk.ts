import type { Backup, ContentEntry, DatasetChange, FileChange, Verification } from './resources.ts';

export type Level = 'quick' | 'full';

export interface ListQuery {
  tenant?: string;
  type?: string;
  status?: string;
  datasetId?: string;
  /** ISO 8601: from this time on, and before that one. */
  since?: string;
  until?: string;
  limit: number;
}

/** What can be asked about backups, of the gateway or of the storage alone; the answers look alike. */
export interface BackupDesk {
  /** Newest first. `problems`: what could not be read, in words; the others are listed all the same. */
  list(query: ListQuery): Promise<{ backups: Backup[]; problems: string[] }>;
  /** @throws ApiProblem (404), BackupUnknown. */
  backup(id: string): Promise<Backup>;
  /** Files in the order of data sets and paths. `path`: that one and everything below. */
  contents(id: string, where: { datasetId?: string; systemState?: string; path?: string }): AsyncIterable<ContentEntry[]>;
  /** What became of data sets from one backup to another, in the order of their ids. */
  changes(before: string, after: string, where: { datasetId?: string }): AsyncIterable<DatasetChange[]>;
  /** The files of a data set that the backups do not have in common, in the order of their paths. */
  changedFiles(before: string, after: string, datasetId: string): AsyncIterable<FileChange[]>;
  /** Damage is in the answer, not thrown. */
  verify(id: string, how: { level: Level; samplePercent?: number }): Promise<Verification>;
  close(): Promise<void>;
}
