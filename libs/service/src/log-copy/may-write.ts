import { type Queryable, rememberedHeads } from '@dr/event-store';
import type { Repository } from '@dr/repository';
import type { House } from '../house.ts';
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

/** Refuses at once what would have to be written into a repository that is only read. @throws RepositoryRolledBack */
export async function refuseReadOnly({ database, config }: Pick<House, 'database' | 'config'>): Promise<void> {
  const [newest] = await rememberedHeads(database);
  if (newest && newest.lacks.length > 0 && !newest.lacks.includes(GIVEN_UP))
    throw new RepositoryRolledBack(config.repository.uri, newest.lacks);
}

/** In `lacks` of a repository that is gone for good: a new one may take its place. */
export const GIVEN_UP = 'everything';
