import type { ObjectStore } from '@dr/storage';
import type { InitOptions, OpenOptions, Repository } from './api.ts';
import { BadRequest } from './errors.ts';

/** Makes a repository in an empty store. @throws RepositoryExists, NoCreateIfAbsent. */
export function initRepository(_store: ObjectStore, _options: InitOptions): Promise<Repository> {
  return Promise.reject(new BadRequest('The repository engine is being written'));
}

/** Opens a repository. @throws RepositoryMissing, FormatTooNew, Damaged, and what unlocking throws. */
export function openRepository(_store: ObjectStore, _options: OpenOptions): Promise<Repository> {
  return Promise.reject(new BadRequest('The repository engine is being written'));
}
