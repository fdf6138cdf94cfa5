import type { Caller as KeyCaller } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { listedScope } from '../auth/listed-scope.ts';
import { CatalogClient } from '../catalog-client.ts';
import { Route } from '../http/route.ts';
import { type ListAllQuery, listAllBackups, readStats, type StatsQuery } from './read-stats.schema.ts';

/** What an administrator asks of all tenants at once; one of a single tenant gets that tenant's. */
@Controller()
export class ReadStatsController {
  constructor(
    @InjectHouse() private readonly house: House,
    private readonly catalog: CatalogClient,
  ) {}

  @Route(listAllBackups)
  list(@Query() { tenant_filter, limit, cursor }: ListAllQuery, @Caller() caller: KeyCaller): Promise<object> {
    return this.catalog.listBackups({ scope: listedScope(caller, tenant_filter), limit, cursor });
  }

  @Route(readStats)
  async stats(@Query() { tenant_filter }: StatsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const { storage, retentionDays } = this.house.config.backup;
    const counted = await this.catalog.backupStats(listedScope(caller, tenant_filter));
    return { ...counted, storage_backend: storage, retention_days: retentionDays ?? null };
  }
}
