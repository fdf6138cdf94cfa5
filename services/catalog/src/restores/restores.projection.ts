import type { DomainEvent, ReadEvent } from '@dr/domain';
import type { Queryable } from '@dr/event-store';
import { BatchRows, type Place, type ViewTable } from '../views/batch-rows.ts';

type Of<Type extends DomainEvent['type']> = Extract<ReadEvent, { type: Type }>;

interface RestoreRow {
  restore_id: string;
  backup_id: string;
  tenant: string;
  target_tenant: string;
  requested_at: string;
  status: string;
  doc: object;
}

interface DatasetRow {
  restore_id: string;
  n: number;
  doc: { readonly status?: string };
}

const restoreTable: ViewTable<RestoreRow> = {
  name: 'catalog_restores',
  columns: {
    ...{ restore_id: 'text', backup_id: 'text', tenant: 'text', target_tenant: 'text', requested_at: 'timestamptz', status: 'text' },
    doc: 'jsonb',
  },
  id: 'restore_id',
  changing: ['status', 'doc'],
};

const datasetTable: ViewTable<DatasetRow> = {
  name: 'catalog_restore_datasets',
  columns: { restore_id: 'text', n: 'int', doc: 'jsonb' },
  id: 'restore_id',
  number: 'n',
  changing: ['doc'],
};

class RestoreViews {
  readonly restores = new BatchRows(restoreTable);
  readonly datasets = new BatchRows(datasetTable);
}

/** Keeps `catalog_restores` and `catalog_restore_datasets`. */
export async function projectRestores(tx: Queryable, events: readonly ReadEvent[]): Promise<void> {
  const views = new RestoreViews();
  const own = events.filter(({ stream }) => stream.startsWith('restore-'));
  await load(tx, views, own);
  for (const event of own) apply(views, event);
  await views.restores.save(tx);
  await views.datasets.save(tx);
}

/** Of restores with thousands of data sets only those are read that an event is about, and all of one that begins or ends. */
async function load(tx: Queryable, { restores, datasets }: RestoreViews, events: readonly ReadEvent[]): Promise<void> {
  const whole = new Set<string>();
  const places: Place[] = [];
  for (const event of events) {
    const id = restoreIdOf(event.stream);
    if (event.type === 'RestoreRequested' || event.type === 'RestoreEnded') whole.add(id);
    if (event.type === 'DatasetRestored' || event.type === 'DatasetRestoreFailed') places.push({ id, n: event.data.n });
  }
  await restores.load(tx, new Set(events.map(({ stream }) => restoreIdOf(stream))));
  await datasets.load(tx, whole);
  await datasets.loadPlaces(
    tx,
    places.filter(({ id }) => !whole.has(id)),
  );
}

const restoreIdOf = (stream: string): string => stream.slice('restore-'.length);

function apply(views: RestoreViews, event: ReadEvent): void {
  if (event.type === 'RestoreRequested') insertRestore(views, event);
  else if (event.type === 'DatasetRestored') recordDataset(views, event, restoredFields(event.data));
  else if (event.type === 'DatasetRestoreFailed') recordDataset(views, event, failedFields(event.data));
  else change(views, event);
  if (event.type === 'RestoreEnded') giveUpRest(views, event);
}

/** What an event makes of its restore: a new status, or none, and fields to be merged in. */
function afterEvent(event: ReadEvent): { status?: string; fields?: object } {
  switch (event.type) {
    case 'RestoreStarted':
      return { status: 'running', fields: { started_at: event.recordedAt } };
    case 'RestoreSwapping':
      return { status: 'swapping' };
    case 'RestoreEnded':
      return { status: event.data.outcome, fields: { ended_at: event.recordedAt, error_message: event.data.message ?? null } };
    case 'RestoreCancelRequested':
      return { fields: { cancel_requested_at: event.recordedAt } };
    case 'RestoreHooksRan':
      return { fields: { hooks: event.data.hooks } };
    default:
      return {};
  }
}

function change({ restores }: RestoreViews, event: ReadEvent): void {
  const { status, fields } = afterEvent(event);
  restores.change(restoreIdOf(event.stream), (row) => ({ status: status ?? row.status, doc: { ...row.doc, ...fields } }));
}

function insertRestore({ restores, datasets }: RestoreViews, { data, recordedAt }: Of<'RestoreRequested'>): void {
  const { restoreId: restore_id, backupId: backup_id, tenant, targetTenant: target_tenant } = data;
  const doc = { created_by: data.requestedBy, options: data.options };
  restores.insert({ restore_id, backup_id, tenant, target_tenant, requested_at: recordedAt, status: 'pending', doc });
  for (const { n, from, to } of data.datasets) {
    datasets.insert({ restore_id, n, doc: { from, to, status: 'pending', bytes: null, findings: [] } as object });
  }
}

/** What had no result at the end was given up with the restore. */
function giveUpRest({ datasets }: RestoreViews, { stream, data }: Of<'RestoreEnded'>): void {
  const left = data.outcome === 'cancelled' ? 'cancelled' : 'failed';
  datasets.changeAll(restoreIdOf(stream), ({ doc }) => (doc.status === 'pending' ? { doc: { ...doc, status: left } } : {}));
}

function recordDataset({ datasets }: RestoreViews, event: Of<'DatasetRestored'> | Of<'DatasetRestoreFailed'>, fields: object): void {
  datasets.change(restoreIdOf(event.stream), ({ doc }) => ({ doc: { ...doc, ...fields } }), event.data.n);
}

const restoredFields = ({ lacks, objects, bytes, findings }: Of<'DatasetRestored'>['data']): object => ({
  status: lacks === undefined ? 'completed' : 'partial',
  ...(lacks !== undefined && { error_message: lacks }),
  objects,
  bytes,
  findings,
});

const failedFields = ({ code, message }: Of<'DatasetRestoreFailed'>['data']): object => ({
  status: code === 'restore.cancelled' ? 'cancelled' : 'failed',
  error_code: code,
  error_message: message,
});
