import { decodeCursor } from '../queries/cursor.ts';
import type { TenantScope } from '../queries/tenant-scope.ts';
import { COLUMNS } from './backup-resource.ts';

export interface ListBackups {
  scope: TenantScope;
  limit: number;
  cursor?: string;
  type?: string;
  status?: string;
  datasetId?: string;
  since?: string;
  until?: string;
  /** For the first ones since a moment. A cursor goes only with newest first. */
  oldestFirst?: boolean;
}

/** All there are: where only one of type and status is asked for, each value of the other is a walk of its own along the index. */
export const TYPES = ['full', 'incremental', 'differential', 'snapshot'];
export const STATUSES = ['pending', 'queued', 'running', 'completed', 'partial', 'failed', 'cancelled', 'deleting', 'deleted'];

/** Values of a statement that is put together piece by piece. */
class Values {
  readonly all: unknown[] = [];

  /** The `$n` that stands for a value. */
  add(value: unknown, type?: string): string {
    this.all.push(value);
    return `$${this.all.length}${type === undefined ? '' : `::${type}`}`;
  }
}

/**
 * The ids of a page are found along an index that has what is asked for before the time, so that hardly a backup is looked at that is not shown,
 * however rare it is; then their rows are read. One row more than the limit tells whether there is a next page. @throws BadCursor
 */
export function listQuery(query: ListBackups): { sql: string; values: unknown[] } {
  const values = new Values();
  const sql = `SELECT ${COLUMNS} FROM (${pageOf(query, values)}) AS page JOIN catalog_backups b ON b.backup_id = page.backup_id
    LEFT JOIN operation_texts t ON t.operation_id = b.backup_id ORDER BY page.requested_at${way(query)}, page.backup_id${way(query)}`;
  return { sql, values: values.all };
}

function pageOf(query: ListBackups, values: Values): string {
  const { datasetId } = query;
  if (query.type !== undefined || query.status !== undefined) return ofKind(query, datasetId, values);
  if (datasetId !== undefined) return ofDataset(query, datasetId, values);
  return `SELECT b.backup_id, b.requested_at FROM catalog_backups b WHERE ${ofTenant(query, values)} ${within(query, 'b', values)}`;
}

function ofDataset(query: ListBackups, datasetId: string, values: Values): string {
  const { scope } = query;
  const tenant = 'tenant' in scope ? `d.tenant COLLATE "C" = ${values.add(scope.tenant)} AND ` : '';
  const place = `${tenant}d.dataset_id COLLATE "C" = ${values.add(datasetId)}`;
  return `SELECT d.backup_id, d.requested_at FROM catalog_backup_datasets d WHERE ${place} ${within(query, 'd', values)}`;
}

/** Each type with each status is walked from its newest backup on, a page of each at most; the newest of all are the page. */
function ofKind(query: ListBackups, datasetId: string | undefined, values: Values): string {
  const { type, status, limit } = query;
  const types = values.add(type === undefined ? TYPES : [type], 'text[]');
  const statuses = values.add(status === undefined ? STATUSES : [status], 'text[]');
  const [table, ofDataset] =
    datasetId === undefined ? ['catalog_backups', ''] : ['catalog_dataset_kinds', `b.dataset_id = ${values.add(datasetId)} AND`];
  return `SELECT walk.* FROM unnest(${types}) AS y (type) CROSS JOIN unnest(${statuses}) AS s (status) CROSS JOIN LATERAL (
      SELECT b.backup_id, b.requested_at FROM ${table} b
       WHERE ${ofDataset} b.type = y.type AND b.status = s.status AND ${ofTenant(query, values)} ${within(query, 'b', values)}) AS walk
    ORDER BY walk.requested_at${way(query)}, walk.backup_id${way(query)} LIMIT ${values.add(limit + 1)}`;
}

const way = ({ oldestFirst }: Pick<ListBackups, 'oldestFirst'>): string => (oldestFirst ? '' : ' DESC');

const ofTenant = ({ scope }: ListBackups, values: Values): string =>
  'tenant' in scope ? `b.tenant = ${values.add(scope.tenant)}` : 'true';

/** What is asked for of the time, the order, and the end of the page. */
function within({ since, until, cursor, limit, oldestFirst }: ListBackups, table: string, values: Values): string {
  const place = cursor === undefined ? undefined : decodeCursor(cursor);
  const at = `${table}.requested_at`;
  const conditions = [
    ...(since === undefined ? [] : [`${at} >= ${values.add(since, 'timestamptz')}`]),
    ...(until === undefined ? [] : [`${at} < ${values.add(until, 'timestamptz')}`]),
    ...(place ? [`(${at}, ${table}.backup_id) < (${values.add(place.at, 'timestamptz')}, ${values.add(place.id, 'text')})`] : []),
  ];
  const all = conditions.map((condition) => `AND ${condition} `).join('');
  return `${all}ORDER BY ${at}${way({ oldestFirst })}, ${table}.backup_id${way({ oldestFirst })} LIMIT ${values.add(limit + 1)}`;
}
