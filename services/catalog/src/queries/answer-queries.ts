import { isTransient } from '@dr/event-store';
import { answer, type Stop, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { findApiKey, knownApiKey, type ListApiKeys, listApiKeys } from '../api-keys/api-keys.queries.ts';
import { backupStats } from '../backups/backup-stats.ts';
import { findBackup, listBackups } from '../backups/backups.queries.ts';
import type { ListBackups } from '../backups/list-query.ts';
import { otherCopies } from '../backups/other-copies.ts';
import { type ListDatasets, listDatasets } from '../datasets/datasets.queries.ts';
import { findRestore, listRestores } from '../restores/restores.queries.ts';
import { findVerification } from '../verifications/verifications.ts';
import type { TenantScope } from './tenant-scope.ts';

/** PostgreSQL does not answer the catalog, so the catalog cannot answer. Asking again helps. */
class CatalogAway extends Error {
  readonly code = 'catalog.database_away';
}

async function orAway<T>(found: Promise<T>): Promise<T> {
  try {
    return await found;
  } catch (error) {
    if (!isTransient(error)) throw error;
    throw new CatalogAway('The catalog cannot reach its database at the moment. Ask again shortly.', { cause: error });
  }
}

interface ById {
  id: string;
  scope: TenantScope;
}

/** Questions of the gateway, over NATS request/reply. An answer of null means "there is none that this scope may see". */
@Injectable()
export class AnswerQueries implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stops: Stop[] = [];

  constructor(@InjectHouse() private readonly house: House) {}

  onApplicationBootstrap(): void {
    const { database } = this.house;
    this.on('backups.list', (query: ListBackups) => listBackups(database, query));
    this.on('backups.get', ({ id, scope }: ById) => findBackup(database, id, scope));
    this.on('backups.stats', ({ scope }: Pick<ById, 'scope'>) => backupStats(database, scope));
    this.on('backups.other-copies', ({ id }: { id: string }) => otherCopies(database, id));
    this.on('restores.list', (query: Parameters<typeof listRestores>[1]) => listRestores(database, query));
    this.on('restores.get', ({ id, scope }: ById) => findRestore(database, id, scope));
    this.on('verifications.get', ({ id, scope }: ById) => findVerification(database, id, scope));
    this.on('datasets.list', (query: ListDatasets) => listDatasets(database, query));
    this.on('api-keys.known', (query: { id: string; tenant: string }) => knownApiKey(database, query));
    this.on('api-keys.list', (query: ListApiKeys) => listApiKeys(database, query));
    this.on('api-keys.get', ({ hash }: { hash: string }) => findApiKey(database, hash));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
  }

  private on<Body>(name: string, find: (body: Body) => Promise<unknown>): void {
    this.stops.push(answer(this.house.bus, subjectOf.query('catalog', name), async (body: Body) => (await orAway(find(body))) ?? null));
  }
}
