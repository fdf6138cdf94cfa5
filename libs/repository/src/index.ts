/**
 * The repository engine: pieces, packs, trees, index, sessions and decisions under one prefix of a store (REPOSITORY.md; byte layouts in
 * docs/repository-format.md). Knows storage and keys, nothing of Postgres, NATS or Deep Lake.
 */
export type {
  BackupSession,
  Clock,
  EngineOptions,
  InitOptions,
  OpenOptions,
  Repository,
  RepositoryFile,
  RepositoryFolder,
  TenantRepository,
} from './api.ts';
export * from './errors.ts';
export { lastDecidedMs } from './last-decided.ts';
export { CHAIN_START, chained, chainedAll, SEGMENT_BYTES_MAX, SEGMENT_EVENTS_MAX } from './log/chain.ts';
export type { LogArchive, LogPart } from './log/log-archive.ts';
export { type LogSegmentName, type LogStep, stepsOf } from './log/log-order.ts';
export type { LogFork, LogSegment, ReadLogSegment } from './log/log-segment.ts';
export { initRepository, openRepository } from './repository.ts';
export type * from './types.ts';
export type { StoredWords, WordsArchive } from './words/words.ts';
