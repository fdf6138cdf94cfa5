import type { Caller as KeyCaller } from '@dr/auth';
import { discoverDatasets } from '@dr/deeplake';
import { type House, InjectHouse } from '@dr/service';
import { openSourceFolder } from '@dr/storage';
import { Controller, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { listedScope } from '../auth/listed-scope.ts';
import { CatalogClient } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { concerns } from '../select-datasets/select-datasets.ts';
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
    const isEmpty = counted.total_backups === 0 && tenant_filter !== undefined && tenant_filter !== caller.tenant;
    if (isEmpty && !(await this.isKnown(tenant_filter))) throw notFound('tenant', tenant_filter);
    return { ...counted, storage_backend: storage, retention_days: retentionDays ?? null };
  }

  /** A tenant without backups is one if it has a key or lies at the source; else its name is a typo, of which zeros would say nothing. */
  private async isKnown(tenant: string): Promise<boolean> {
    if (tenant === '*') return true;
    const { api_keys } = await this.catalog.listApiKeys({ tenant, limit: 1, cursor: undefined });
    if (api_keys.length > 0) return true;
    const source = await openSourceFolder(this.house.config.deeplake.root);
    for await (const item of discoverDatasets(source, { tenant })) if (item.kind === 'dataset' || concerns(item, tenant)) return true;
    return false;
  }
}
