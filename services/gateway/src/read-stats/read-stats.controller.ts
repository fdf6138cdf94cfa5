import { type Caller as KeyCaller, listedTenant } from '@dr/auth';
import { type House, InjectHouse } from '@dr/service';
import { Controller, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { CatalogClient, scopeOf, type TenantScope } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
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
    return this.catalog.listBackups({ scope: seen(caller, tenant_filter), limit, cursor });
  }

  @Route(readStats)
  async stats(@Query() { tenant_filter }: StatsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const { storage, retentionDays } = this.house.config.backup;
    const counted = await this.catalog.backupStats(seen(caller, tenant_filter));
    return { ...counted, storage_backend: storage, retention_days: retentionDays ?? null };
  }
}

/** @throws HttpProblem 404 for a tenant that the key may not see. */
function seen(caller: KeyCaller, wanted: string | undefined): TenantScope {
  const tenant = listedTenant(caller, wanted);
  if (tenant === undefined) throw notFound('tenant', wanted ?? '');
  return scopeOf(tenant);
}
