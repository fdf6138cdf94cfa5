import type { DataSource } from 'typeorm';
import { listBackups } from '../../../services/catalog/src/backups/backups.queries.ts';
import type { ListBackups } from '../../../services/catalog/src/backups/list-query.ts';
import { BIG_TENANT } from './life-cycles.ts';
import { percentile } from './percentile.ts';

export interface ListFigure {
  readonly filter: string;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

const BIG = { tenant: BIG_TENANT };
const SMALL = { tenant: 'tenant-17' };
const ALL = { allTenants: true } as const;

/** Every filter of GET /backups, by what is common, by what is rare and lies at the far end, and by what does not exist. */
export const LISTS: Readonly<Record<string, Omit<ListBackups, 'limit'>>> = {
  'all tenants': { scope: ALL },
  'large tenant': { scope: BIG },
  'small tenant': { scope: SMALL },
  'no such tenant': { scope: { tenant: 'nobody' } },
  'type incremental': { scope: BIG, type: 'incremental' },
  'type snapshot (oldest)': { scope: BIG, type: 'snapshot' },
  'status completed': { scope: BIG, status: 'completed' },
  'status failed': { scope: BIG, status: 'failed' },
  'status deleting (oldest)': { scope: BIG, status: 'deleting' },
  'status running (none)': { scope: BIG, status: 'running' },
  'status failed, all tenants': { scope: ALL, status: 'failed' },
  'status deleting, all tenants': { scope: ALL, status: 'deleting' },
  'type snapshot, all tenants': { scope: ALL, type: 'snapshot' },
  'type and status': { scope: BIG, type: 'full', status: 'partial' },
  'data set, newest': { scope: BIG, datasetId: 'dataset-290' },
  'data set, oldest': { scope: BIG, datasetId: 'dataset-old' },
  'data set, none': { scope: BIG, datasetId: 'dataset-none' },
  'data set, all tenants': { scope: ALL, datasetId: 'dataset-10' },
  'data set of a small tenant': { scope: SMALL, datasetId: 'dataset-10' },
  'data set and status failed': { scope: BIG, datasetId: 'dataset-10', status: 'failed' },
  'data set and status deleting (none)': { scope: BIG, datasetId: 'dataset-10', status: 'deleting' },
  'data set and status failed, oldest page': { scope: BIG, datasetId: 'dataset-10', status: 'failed', until: '2024-03-01T00:00:00Z' },
  'data set, type and status': { scope: BIG, datasetId: 'dataset-10', type: 'full', status: 'partial' },
  'data set and status, all tenants': { scope: ALL, datasetId: 'dataset-10', status: 'completed' },
  'data set and status of a small tenant': { scope: SMALL, datasetId: 'dataset-10', status: 'completed' },
  'data set and type snapshot': { scope: BIG, datasetId: 'dataset-old', type: 'snapshot' },
  'since and until': { scope: BIG, since: '2024-02-01T00:00:00Z', until: '2024-02-02T00:00:00Z' },
  'until, status failed': { scope: BIG, until: '2024-01-20T00:00:00Z', status: 'failed' },
  'since the future': { scope: ALL, since: '2099-01-01T00:00:00Z' },
};

/** A page of backups: of the catalog itself, or through the gateway. */
export type AskPage = (query: ListBackups) => Promise<{ backups: object[]; next_cursor: string | null }>;

export const askCatalog =
  (database: DataSource): AskPage =>
  (query) =>
    listBackups(database, query);

/** With a key of all tenants. */
export const askGateway =
  (house: { call(method: string, path: string): Promise<{ status: number; body: unknown }> }): AskPage =>
  async ({ scope, datasetId, limit, oldestFirst: _, ...filters }) => {
    const query = new URLSearchParams({ ...filters, limit: String(limit) });
    if ('tenant' in scope) query.set('tenant_id', scope.tenant);
    if (datasetId !== undefined) query.set('dataset_id', datasetId);
    const { status, body } = await house.call('GET', `/api/v1/backups?${query}`);
    if (status !== 200) throw new Error(`GET /backups?${query}: ${status} ${JSON.stringify(body)}`);
    return body as Awaited<ReturnType<AskPage>>;
  };

/** Pages of 50, `times` of each filter. */
export async function measureLists(ask: AskPage, times: number): Promise<ListFigure[]> {
  const figures: ListFigure[] = [];
  for (const [filter, wanted] of Object.entries(LISTS)) figures.push(await timed(filter, times, () => ask({ ...wanted, limit: 50 })));
  return [...figures, await deepPages(ask, times)];
}

/** Pages behind a cursor that are far from the newest: each costs what the first one does. */
async function deepPages(ask: AskPage, times: number): Promise<ListFigure> {
  let { next_cursor } = await ask({ scope: BIG, limit: 50, until: '2024-01-10T00:00:00Z' });
  return timed('deep pages', times, async () => {
    ({ next_cursor } = await ask({ scope: BIG, limit: 50, ...(next_cursor !== null && { cursor: next_cursor }) }));
  });
}

async function timed(filter: string, times: number, ask: () => Promise<unknown>): Promise<ListFigure> {
  const tookMs: number[] = [];
  for (let time = -1; time < times; time++) {
    const begin = performance.now();
    await ask();
    if (time >= 0) tookMs.push(performance.now() - begin);
  }
  return { filter, p50_ms: percentile(tookMs, 50), p99_ms: percentile(tookMs, 99) };
}
