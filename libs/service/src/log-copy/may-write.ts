import { type Queryable, rememberedHeads } from '@dr/event-store';
import type { Repository } from '@dr/repository';
import { RepositoryGone, RepositoryRolledBack } from './errors.ts';

/**
 * For `RepositoryAccess`: what the catalog has found of the repository, as the database says. No repository is made while another one is known to be
 * in that place, and none is written that shows less than it did. @throws RepositoryGone, RepositoryRolledBack
 */
export const mayWriteAs =
  (database: Queryable, uri: string) =>
  async (repository: Repository | undefined): Promise<void> => {
    const heads = await rememberedHeads(database);
    if (!repository) {
      const known = heads.filter(({ lacks }) => !lacks.includes(GIVEN_UP));
      if (known.length > 0)
        throw new RepositoryGone(
          uri,
          known.map(({ repositoryId }) => repositoryId),
        );
      return;
    }
    const lacks = heads.find(({ repositoryId }) => repositoryId === repository.id)?.lacks ?? [];
    if (lacks.length > 0) throw new RepositoryRolledBack(uri, lacks);
  };

/** In `lacks` of a repository that is gone for good: a new one may take its place. */
export const GIVEN_UP = 'everything';
