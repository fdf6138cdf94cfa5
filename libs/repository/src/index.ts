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
  RepositoryFolder,
  TenantRepository,
} from './api.ts';
export * from './errors.ts';
export { initRepository, openRepository } from './repository.ts';
export type * from './types.ts';
