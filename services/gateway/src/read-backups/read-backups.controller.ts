import { type Caller as KeyCaller, listedTenant } from '@dr/auth';
import { Controller, Get, Param, Query } from '@nestjs/common';
import { Caller, Scope } from '../auth/caller.ts';
import { CatalogClient, scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { type ListBackupsQuery, listBackupsQuery } from './read-backups.schema.ts';

@Controller('backups')
export class ReadBackupsController {
  constructor(private readonly catalog: CatalogClient) {}

  @Get()
  @Scope('backup:read')
  async list(@Query({ schema: listBackupsQuery }) query: ListBackupsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = listedTenant(caller, query.tenant_id);
    if (tenant === undefined) throw notFound('tenant', query.tenant_id ?? '');
    const { limit, cursor, type, status, dataset_id: datasetId, since, until } = query;
    return this.catalog.listBackups({ scope: scopeOf(tenant), limit, cursor, type, status, datasetId, since, until });
  }

  @Get(':id')
  @Scope('backup:read')
  async get(@Param('id') id: string, @Caller() caller: KeyCaller): Promise<object> {
    const backup = await this.catalog.backup(id, scopeOf(caller.tenant));
    if (!backup) throw notFound('backup', id);
    return backup;
  }
}
