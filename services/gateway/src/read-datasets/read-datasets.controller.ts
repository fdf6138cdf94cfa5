import { type Caller as KeyCaller, listedTenant } from '@dr/auth';
import { type DatasetRef, discoverDatasets, type Unprotected } from '@dr/deeplake';
import { query as ask, subjectOf } from '@dr/messaging';
import { type House, InjectHouse } from '@dr/service';
import { openSourceFolder } from '@dr/storage';
import { Controller, Query } from '@nestjs/common';
import { Caller } from '../auth/caller.ts';
import { scopeOf } from '../catalog-client.ts';
import { notFound } from '../http/problem.ts';
import { Route } from '../http/route.ts';
import { concerns } from '../select-datasets/select-datasets.ts';
import { type KnownDataset, mergeDatasets, unprotectedShown } from './merge-datasets.ts';
import { comparePlaces, cursorOf, type DatasetPlace, placeOf } from './place.ts';
import { type ReadDatasetsQuery, readDatasets } from './read-datasets.schema.ts';

const UNPROTECTED_MAX = 1000;

/** GET /datasets: the source as it is now beside what backups hold. */
@Controller()
export class ReadDatasetsController {
  constructor(@InjectHouse() private readonly house: House) {}

  @Route(readDatasets)
  async list(@Query() query: ReadDatasetsQuery, @Caller() caller: KeyCaller): Promise<object> {
    const tenant = listedTenant(caller, query.tenant_id);
    if (tenant === undefined) throw notFound('tenant', query.tenant_id ?? '');
    const after = query.cursor === undefined ? undefined : placeOf(query.cursor);
    const [source, known] = await Promise.all([this.atSource(tenant, query), this.known(tenant, after, query)]);
    const isNext = (place: DatasetPlace) => after === undefined || comparePlaces(place, after) > 0;
    const present = source.datasets.filter((d) => isNext({ tenant_id: d.tenant, dataset_id: d.datasetId }));
    const merged = mergeDatasets(present, known, this.house.now());
    if (query.dataset_id !== undefined && merged.length === 0) throw notFound('dataset', query.dataset_id);
    const datasets = merged.slice(0, query.limit);
    return {
      datasets,
      unprotected: after === undefined ? source.unprotected.slice(0, UNPROTECTED_MAX).map(unprotectedShown) : [],
      unprotected_total: source.unprotected.length,
      next_cursor: merged.length > query.limit ? cursorOf(datasets.at(-1)!) : null,
    };
  }

  /** What lies beside the tenants' folders is nobody's: only a key of all tenants sees it. */
  private async atSource(
    tenant: string,
    { dataset_id }: ReadDatasetsQuery,
  ): Promise<{ datasets: DatasetRef[]; unprotected: Unprotected[] }> {
    const source = await openSourceFolder(this.house.config.deeplake.root);
    const datasets: DatasetRef[] = [];
    const unprotected: Unprotected[] = [];
    for await (const item of discoverDatasets(source, tenant === '*' ? {} : { tenant })) {
      if (tenant !== '*' && !concerns(item, tenant)) continue;
      if (item.kind === 'unprotected') unprotected.push(item);
      else if (dataset_id === undefined || item.datasetId === dataset_id) datasets.push(item);
    }
    return { datasets, unprotected };
  }

  private known(tenant: string, after: DatasetPlace | undefined, query: ReadDatasetsQuery): Promise<KnownDataset[]> {
    return ask<KnownDataset[]>(this.house.bus, subjectOf.query('catalog', 'datasets.list'), {
      scope: scopeOf(tenant),
      datasetId: query.dataset_id,
      after: after && { tenant: after.tenant_id, datasetId: after.dataset_id },
      limit: query.limit + 1,
    });
  }
}
