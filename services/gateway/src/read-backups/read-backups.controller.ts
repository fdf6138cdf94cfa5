import type { Caller as KeyCaller } from '@dr/auth';
import { Controller, Param, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { listedScope } from '../auth/listed-scope.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { getBackup, type ListBackupsQuery, listBackups } from './read-backups.schema.ts';

@Controller()
export class ReadBackupsController {
  constructor(private readonly catalog: CatalogClient) {}

  @Route(listBackups)
  async list(@Query() query: ListBackupsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const scope = listedScope(caller, query.tenant_id);
    const { limit, cursor, type, status, dataset_id: datasetId, since, until } = query;
    return this.catalog.listBackups({ scope, limit, cursor, type, status, datasetId, since, until });
  }

  @Route(getBackup)
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    return backup;
  }
}
